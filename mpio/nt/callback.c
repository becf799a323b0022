/* SPDX-License-Identifier: MIT */
/*
 * Callback objects. Create: PASSIVE_LEVEL; register and unregister: <= APC_LEVEL; notify:
 * <= DISPATCH_LEVEL. The three names of the system exist from the first look on. A registration that
 * runs is kept until it returns, and its unregistration waits for that.
 */
#include "nt/driverobject.h"
#include "nt/named.h"
#include "nt/wait.h"

struct _CALLBACK_OBJECT {
    LIST_ENTRY Registrations;
    BOOLEAN AllowMultiple;
};

typedef struct _NT_CALLBACK_OBJECT {
    NT_OBJECT Header; /* directly before Object */
    struct _CALLBACK_OBJECT Object;
} NT_CALLBACK_OBJECT;
C_ASSERT(FIELD_OFFSET(NT_CALLBACK_OBJECT, Object) == sizeof(NT_OBJECT));

typedef struct _NT_REGISTRATION {
    LIST_ENTRY Entry;
    PCALLBACK_OBJECT Object;
    PCALLBACK_FUNCTION Function;
    PVOID Context;
    ULONG Running;
    BOOLEAN Gone;
    KEVENT Idle;
} NT_REGISTRATION;

static VOID Delete(PVOID Object)
{
    NtNamedRemove(Object);
    NtPoolFreeKernel(NtKernel(), NtObjectHeader(Object));
}

static PCALLBACK_OBJECT Make(PCUNICODE_STRING Name, BOOLEAN AllowMultiple)
{
    NT_CALLBACK_OBJECT *made = NtPoolAllocateKernel(NtKernel(), sizeof(*made), 'blaC');

    if (made == NULL) {
        return NULL;
    }
    NtObjectInitialize(&made->Header, NT_OBJECT_CALLBACK, Delete);
    InitializeListHead(&made->Object.Registrations);
    made->Object.AllowMultiple = AllowMultiple;
    if (Name != NULL && Name->Length != 0 && !NtNamedInsert(Name, &made->Object)) {
        NtPoolFreeKernel(NtKernel(), made);
        return NULL;
    }
    return &made->Object;
}

/* The kernel's own references keep these for ever. */
static VOID MakeSystemObjects(VOID)
{
    static const UNICODE_STRING names[] = {
        {44, 46, (PWSTR)u"\\Callback\\SetSystemTime"},
        {40, 42, (PWSTR)u"\\Callback\\PowerState"},
        {44, 46, (PWSTR)u"\\Callback\\ProcessorAdd"},
    };

    for (ULONG i = 0; i < RTL_NUMBER_OF(names); i++) {
        if (NtNamedFind(&names[i]) == NULL) {
            Make(&names[i], TRUE);
        }
    }
}

NTSTATUS ExCreateCallback(PCALLBACK_OBJECT *CallbackObject, POBJECT_ATTRIBUTES ObjectAttributes, BOOLEAN Create,
                          BOOLEAN AllowMultipleCallbacks)
{
    PCUNICODE_STRING name = ObjectAttributes->ObjectName;
    PVOID found;

    NT_REQUIRE_IRQL(PASSIVE_LEVEL);
    MakeSystemObjects();
    found = name == NULL || name->Length == 0 ? NULL : NtNamedFind(name);
    if (found != NULL) {
        if (!NtObjectIs(found, NT_OBJECT_CALLBACK)) {
            return STATUS_OBJECT_TYPE_MISMATCH;
        }
        NtObjectReference(found);
        *CallbackObject = found;
        return STATUS_SUCCESS;
    }
    if (!Create && name != NULL) {
        return STATUS_OBJECT_NAME_NOT_FOUND;
    }
    *CallbackObject = Make(name, AllowMultipleCallbacks);
    return *CallbackObject == NULL ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

static VOID RequireObject(PVOID Object)
{
    if (!NtObjectIs(Object, NT_OBJECT_CALLBACK)) {
        NtBugCheckRule(RULE_OBJECT_REF, (ULONGLONG)(ULONG_PTR)Object, 0);
    }
}

PVOID ExRegisterCallback(PCALLBACK_OBJECT CallbackObject, PCALLBACK_FUNCTION CallbackFunction, PVOID CallbackContext)
{
    NT_REGISTRATION *made;

    NT_REQUIRE_IRQL(APC_LEVEL);
    RequireObject(CallbackObject);
    if (!CallbackObject->AllowMultiple && !IsListEmpty(&CallbackObject->Registrations)) {
        return NULL;
    }
    made = NtPoolAllocateKernel(NtKernel(), sizeof(*made), 'rblC');
    if (made == NULL) {
        return NULL;
    }
    NtObjectReference(CallbackObject);
    made->Object = CallbackObject;
    made->Function = CallbackFunction;
    made->Context = CallbackContext;
    NtInitializeHeader(&made->Idle.Header, NT_EVENT_NOTIFICATION, sizeof(KEVENT), 0);
    InsertTailList(&CallbackObject->Registrations, &made->Entry);
    return made;
}

VOID ExUnregisterCallback(PVOID CallbackRegistration)
{
    NT_REGISTRATION *gone = CallbackRegistration;

    NT_REQUIRE_IRQL(APC_LEVEL);
    if (gone->Running != 0) {
        gone->Gone = TRUE;
        KeWaitForSingleObject(&gone->Idle, Executive, KernelMode, FALSE, NULL);
    }
    RemoveEntryList(&gone->Entry);
    NtObjectRelease(gone->Object);
    NtPoolFreeKernel(NtKernel(), gone);
}

VOID ExNotifyCallback(PVOID CallbackObject, PVOID Argument1, PVOID Argument2)
{
    PCALLBACK_OBJECT object = CallbackObject;
    PLIST_ENTRY next;

    NT_REQUIRE_IRQL(DISPATCH_LEVEL);
    RequireObject(CallbackObject);
    NtObjectReference(CallbackObject);
    for (PLIST_ENTRY entry = object->Registrations.Flink; entry != &object->Registrations; entry = next) {
        NT_REGISTRATION *one = CONTAINING_RECORD(entry, NT_REGISTRATION, Entry);

        if (!one->Gone) {
            one->Running++;
            NT_CALL_VOID("callback routine", NtDriverOfCode(NtKernel(), (PVOID)one->Function), NtContext()->Irql,
                         one->Function, one->Context, Argument1, Argument2);
            one->Running--;
        }
        next = entry->Flink;
        if (one->Gone && one->Running == 0) {
            KeSetEvent(&one->Idle, IO_NO_INCREMENT, FALSE);
        }
    }
    NtObjectRelease(CallbackObject);
}
