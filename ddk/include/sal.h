/* SPDX-License-Identifier: MIT */
/*
 * Source annotations of WDK code. They address Microsoft's analyser only, so every one expands to
 * nothing here. The old double-underscore spellings clash with parameter names of host C library
 * headers and are therefore defined for DSM sources only.
 */
#ifndef OPENMPIO_SAL_H
#define OPENMPIO_SAL_H

#include <openmpio/compiler.h>

#define _In_
#define _In_opt_
#define _In_z_
#define _In_opt_z_
#define _In_reads_(n)
#define _In_reads_opt_(n)
#define _In_reads_z_(n)
#define _In_reads_or_z_(n)
#define _In_reads_bytes_(n)
#define _In_reads_bytes_opt_(n)
#define _In_reads_to_ptr_(p)
#define _In_range_(low, high)
#define _In_bytecount_(n)
#define _In_bytecount_x_(n)
#define _In_count_(n)
#define _In_count_x_(n)
#define _Out_
#define _Out_opt_
#define _Out_writes_(n)
#define _Out_writes_opt_(n)
#define _Out_writes_z_(n)
#define _Out_writes_opt_z_(n)
#define _Out_writes_all_(n)
#define _Out_writes_to_(n, used)
#define _Out_writes_to_opt_(n, used)
#define _Out_writes_bytes_(n)
#define _Out_writes_bytes_opt_(n)
#define _Out_writes_bytes_all_(n)
#define _Out_writes_bytes_all_opt_(n)
#define _Out_writes_bytes_to_(n, used)
#define _Out_writes_bytes_to_opt_(n, used)
#define _Out_range_(low, high)
#define _Outptr_
#define _Outptr_opt_
#define _Outptr_opt_result_maybenull_
#define _Outptr_result_maybenull_
#define _Outptr_result_nullonfailure_
#define _Outptr_result_z_
#define _Outptr_result_buffer_(n)
#define _Outptr_result_buffer_maybenull_(n)
#define _Outptr_result_bytebuffer_(n)
#define _Outptr_result_bytebuffer_maybenull_(n)
#define _Inout_
#define _Inout_opt_
#define _Inout_z_
#define _Inout_updates_(n)
#define _Inout_updates_opt_(n)
#define _Inout_updates_z_(n)
#define _Inout_updates_all_(n)
#define _Inout_updates_to_(n, used)
#define _Inout_updates_bytes_(n)
#define _Inout_updates_bytes_opt_(n)
#define _Inout_updates_bytes_all_(n)
#define _Inout_updates_bytes_to_(n, used)
#define _Ret_
#define _Ret_maybenull_
#define _Ret_notnull_
#define _Ret_opt_
#define _Ret_z_
#define _Ret_range_(low, high)
#define _Ret_writes_(n)
#define _Ret_writes_maybenull_(n)
#define _Ret_writes_bytes_(n)
#define _Ret_writes_bytes_maybenull_(n)
#define _Result_nullonfailure_
#define _Result_zeroonfailure_
#define _Pre_
#define _Pre_equal_to_(e)
#define _Pre_maybenull_
#define _Pre_notnull_
#define _Pre_null_
#define _Pre_satisfies_(e)
#define _Pre_valid_
#define _Post_
#define _Post_equal_to_(e)
#define _Post_equals_last_error_
#define _Post_invalid_
#define _Post_maybenull_
#define _Post_notnull_
#define _Post_null_
#define _Post_ptr_invalid_
#define _Post_readable_byte_size_(n)
#define _Post_readable_size_(n)
#define _Post_satisfies_(e)
#define _Post_valid_
#define _Post_writable_byte_size_(n)
#define _Post_writable_size_(n)
#define _Post_z_
#define _Deref_in_range_(low, high)
#define _Deref_out_range_(low, high)
#define _Deref_post_opt_null_
#define _Deref_post_z_
#define _Deref_pre_z_
#define _Field_range_(low, high)
#define _Field_size_(n)
#define _Field_size_opt_(n)
#define _Field_size_bytes_(n)
#define _Field_size_bytes_opt_(n)
#define _Field_size_bytes_part_(n, used)
#define _Field_size_part_(n, used)
#define _Field_z_
#define _Struct_size_bytes_(n)
#define _Null_terminated_
#define _NullNull_terminated_
#define _Readable_bytes_(n)
#define _Readable_elements_(n)
#define _Writable_bytes_(n)
#define _Writable_elements_(n)
#define _Printf_format_string_
#define _Scanf_format_string_
#define _Success_(e)
#define _Return_type_success_(e)
#define _On_failure_(annotation)
#define _Always_(annotation)
#define _When_(condition, annotation)
#define _At_(target, annotation)
#define _At_buffer_(target, iterator, bound, annotation)
#define _Group_(annotation)
#define _Check_return_
#define _Must_inspect_result_
#define _Use_decl_annotations_
#define _Notref_
#define _Const_
#define _Reserved_
#define _Points_to_data_
#define _Literal_
#define _Notliteral_
#define _Maybenull_
#define _Notnull_
#define _Valid_
#define _Strict_type_match_
#define _Enum_is_bitflag_
#define _Interlocked_
#define _Interlocked_operand_
#define _Static_assert_sal_(e)
#define _Analysis_assume_(e) ((void)0)
#define _Analysis_assume_lock_held_(lock)
#define _Analysis_noreturn_
#define _Analysis_suppress_lock_checking_(lock)
#define _Prefast_operator_new_throws_
#define __analysis_assume(e) ((void)0)
#define __analysis_noreturn
#define _Function_class_(name)
#define _Dispatch_type_(major)
#define _Kernel_clear_do_init_(yesno)
#define _Kernel_entry_
#define _Kernel_float_restored_
#define _Kernel_float_saved_
#define _Kernel_IoGetDmaAdapter_
#define _Kernel_acquires_resource_(kind)
#define _Kernel_releases_resource_(kind)
#define _Kernel_requires_resource_held_(kind)
#define _Kernel_requires_resource_not_held_(kind)
#define _IRQL_always_function_max_(irql)
#define _IRQL_always_function_min_(irql)
#define _IRQL_is_cancel_
#define _IRQL_limited_to_(irql)
#define _IRQL_raises_(irql)
#define _IRQL_requires_(irql)
#define _IRQL_requires_max_(irql)
#define _IRQL_requires_min_(irql)
#define _IRQL_requires_same_
#define _IRQL_restores_
#define _IRQL_restores_global_(kind, parameter)
#define _IRQL_saves_
#define _IRQL_saves_global_(kind, parameter)
#define _IRQL_uses_cancel_
#define _Acquires_exclusive_lock_(lock)
#define _Acquires_lock_(lock)
#define _Acquires_nonreentrant_lock_(lock)
#define _Acquires_shared_lock_(lock)
#define _Acquires_spin_lock_(lock)
#define _Has_lock_kind_(kind)
#define _Has_lock_level_(level)
#define _Guarded_by_(lock)
#define _Interlocked_access_
#define _Lock_level_order_(first, second)
#define _Releases_exclusive_lock_(lock)
#define _Releases_lock_(lock)
#define _Releases_nonreentrant_lock_(lock)
#define _Releases_shared_lock_(lock)
#define _Releases_spin_lock_(lock)
#define _Requires_exclusive_lock_held_(lock)
#define _Requires_lock_held_(lock)
#define _Requires_lock_not_held_(lock)
#define _Requires_no_locks_held_
#define _Requires_shared_lock_held_(lock)
#define _Write_guarded_by_(lock)
#define __drv_acquiresExclusiveResource(kind)
#define __drv_aliasesMem
#define __drv_allocatesMem(kind)
#define __drv_arg(argument, annotation)
#define __drv_dispatchType(kind)
#define __drv_dispatchType_other
#define __drv_freesMem(kind)
#define __drv_functionClass(name)
#define __drv_in(annotation)
#define __drv_innerMustHoldGlobal(kind)
#define __drv_interlocked
#define __drv_isObjectPointer
#define __drv_maxFunctionIRQL
#define __drv_maxIRQL(irql)
#define __drv_minIRQL(irql)
#define __drv_mustHold(kind)
#define __drv_mustHoldCriticalRegion
#define __drv_neverHold(kind)
#define __drv_neverHoldCriticalRegion
#define __drv_out(annotation)
#define __drv_preferredFunction(name, reason)
#define __drv_raisesIRQL(irql)
#define __drv_releasesExclusiveResource(kind)
#define __drv_reportError(text)
#define __drv_requiresIRQL(irql)
#define __drv_restoresIRQL
#define __drv_restoresIRQLGlobal(kind, parameter)
#define __drv_sameIRQL
#define __drv_savesIRQL
#define __drv_savesIRQLGlobal(kind, parameter)
#define __drv_strictType(type, mode)
#define __drv_strictTypeMatch(mode)
#define __drv_typeConst
#define __drv_typeCond
#define __drv_typeExpr
#define __drv_useCancelIRQL
#define __drv_when(condition, annotation)

#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif

#ifdef OPENMPIO_DSM_SOURCE
#define __bcount(n)
#define __bcount_opt(n)
#define __callback
#define __checkReturn
#define __deref_in
#define __deref_inout
#define __deref_out
#define __deref_out_bcount(n)
#define __deref_out_ecount(n)
#define __deref_out_opt
#define __deref_opt_out
#define __ecount(n)
#define __field_bcount(n)
#define __field_ecount(n)
#define __in
#define __in_bcount(n)
#define __in_bcount_opt(n)
#define __in_ecount(n)
#define __in_ecount_opt(n)
#define __in_opt
#define __in_z
#define __inout
#define __inout_bcount(n)
#define __inout_bcount_full(n)
#define __inout_ecount(n)
#define __inout_opt
#define __nullterminated
#define __out
#define __out_bcount(n)
#define __out_bcount_full(n)
#define __out_bcount_opt(n)
#define __out_bcount_part(n, used)
#define __out_bcount_part_opt(n, used)
#define __out_ecount(n)
#define __out_ecount_opt(n)
#define __out_ecount_part(n, used)
#define __out_opt
#define __reserved
#define __success(e)
#endif

#endif
