/* SPDX-License-Identifier: MIT */
/*
 * Bit-fields have no offset that a compiler would tell: each is set to ones, and then the bytes are looked at.
 */

#include "precomp.h"

#ifdef DEBUG_USE_WPP
#include "bits.tmh"
#endif

static
BOOLEAN
WdOnlyByte(
    _In_reads_bytes_(Size) const UCHAR *Bytes,
    _In_ SIZE_T Size,
    _In_ SIZE_T At,
    _In_ UCHAR Mask
    )
{
    SIZE_T i;

    for (i = 0; i < Size; i++) {
        if (Bytes[i] != ((i == At) ? Mask : 0)) {
            return FALSE;
        }
    }
    return TRUE;
}

#define B(Type, Member, At, Mask) do {                                                                     \
        Type Value;                                                                                       \
                                                                                                          \
        RtlZeroMemory(&Value, sizeof(Value));                                                             \
        Value.Member = Ones;                                                                              \
        WdCheck(Test, WdOnlyByte((PUCHAR)&Value, sizeof(Value), At, Mask), #Type "." #Member);            \
    } while (0)

VOID
WdTestBits(
    _Inout_ PWDKDSM_TEST Test
    )
{
    volatile UCHAR Ones = MAXUCHAR; // The compiler must not see how little fits

    B(SENSE_DATA, ErrorCode, 0, 0x7F); B(SENSE_DATA, Valid, 0, 0x80); B(SENSE_DATA, SenseKey, 2, 0x0F);
    B(SENSE_DATA, Reserved, 2, 0x10); B(SENSE_DATA, IncorrectLength, 2, 0x20); B(SENSE_DATA, EndOfMedia, 2, 0x40);
    B(SENSE_DATA, FileMark, 2, 0x80); B(DESCRIPTOR_SENSE_DATA, ErrorCode, 0, 0x7F);
    B(DESCRIPTOR_SENSE_DATA, Reserved1, 0, 0x80); B(DESCRIPTOR_SENSE_DATA, SenseKey, 1, 0x0F);
    B(DESCRIPTOR_SENSE_DATA, Reserved2, 1, 0xF0); B(INQUIRYDATA, DeviceType, 0, 0x1F);
    B(INQUIRYDATA, DeviceTypeQualifier, 0, 0xE0); B(INQUIRYDATA, DeviceTypeModifier, 1, 0x7F);
    B(INQUIRYDATA, RemovableMedia, 1, 0x80); B(INQUIRYDATA, ANSIVersion, 2, 0x07);
    B(INQUIRYDATA, ECMAVersion, 2, 0x38); B(INQUIRYDATA, ISOVersion, 2, 0xC0);
    B(INQUIRYDATA, ResponseDataFormat, 3, 0x0F); B(INQUIRYDATA, HiSupport, 3, 0x10);
    B(INQUIRYDATA, NormACA, 3, 0x20); B(INQUIRYDATA, TerminateTask, 3, 0x40); B(INQUIRYDATA, AERC, 3, 0x80);
    B(INQUIRYDATA, Addr16, 6, 0x01); B(INQUIRYDATA, Addr32, 6, 0x02); B(INQUIRYDATA, AckReqQ, 6, 0x04);
    B(INQUIRYDATA, MediumChanger, 6, 0x08); B(INQUIRYDATA, MultiPort, 6, 0x10);
    B(INQUIRYDATA, ReservedBit2, 6, 0x20); B(INQUIRYDATA, EnclosureServices, 6, 0x40);
    B(INQUIRYDATA, ReservedBit3, 6, 0x80); B(INQUIRYDATA, SoftReset, 7, 0x01);
    B(INQUIRYDATA, CommandQueue, 7, 0x02); B(INQUIRYDATA, TransferDisable, 7, 0x04);
    B(INQUIRYDATA, LinkedCommands, 7, 0x08); B(INQUIRYDATA, Synchronous, 7, 0x10);
    B(INQUIRYDATA, Wide16Bit, 7, 0x20); B(INQUIRYDATA, Wide32Bit, 7, 0x40);
    B(INQUIRYDATA, RelativeAddressing, 7, 0x80); B(PRI_RESERVATION_DESCRIPTOR, Type, 13, 0x0F);
    B(PRI_RESERVATION_DESCRIPTOR, Scope, 13, 0xF0);
    B(PRO_PARAMETER_LIST, ActivatePersistThroughPowerLoss, 20, 0x01); B(PRO_PARAMETER_LIST, Reserved1, 20, 0xFE);
    B(CDB, CDB6INQUIRY.LogicalUnitNumber, 1, 0xE0); B(CDB, CDB6INQUIRY3.EnableVitalProductData, 1, 0x01);
    B(CDB, CDB6INQUIRY3.CommandSupportData, 1, 0x02); B(CDB, MODE_SENSE.Dbd, 1, 0x08);
    B(CDB, MODE_SENSE.PageCode, 2, 0x3F); B(CDB, MODE_SENSE.Pc, 2, 0xC0); B(CDB, MODE_SELECT.SPBit, 1, 0x01);
    B(CDB, MODE_SELECT.PFBit, 1, 0x10); B(CDB, MODE_SELECT.LogicalUnitNumber, 1, 0xE0);
    B(CDB, PERSISTENT_RESERVE_IN.ServiceAction, 1, 0x1F); B(CDB, PERSISTENT_RESERVE_OUT.ServiceAction, 1, 0x1F);
    B(CDB, PERSISTENT_RESERVE_OUT.Type, 2, 0x0F); B(CDB, PERSISTENT_RESERVE_OUT.Scope, 2, 0xF0);
}
