/* SPDX-License-Identifier: MIT */
/*
 * Where each bit-field lies: sets one field to all ones in zeroed memory and looks for the byte
 * that must have changed. Run with and without -mms-bitfields, since drivers and framework differ
 * in that flag.
 */
#include <stdio.h>
#include <string.h>

#include <dsm.h>

static int failed;
static volatile unsigned char ones = 0xFF;

#define BITS(type, field, byte, bit, width)                                                        \
    do {                                                                                           \
        type object;                                                                               \
        unsigned char want[sizeof(type)] = {0};                                                    \
                                                                                                   \
        want[byte] = (unsigned char)(((1u << (width)) - 1) << (bit));                              \
        memset(&object, 0, sizeof(object));                                                        \
        object.field = ones;                                                                       \
        if (memcmp(&object, want, sizeof(object)) != 0) {                                          \
            printf("%s.%s is not at byte %d, bit %d, width %d\n", #type, #field, byte, \
                   bit, width);                                                                    \
            failed = 1;                                                                            \
        }                                                                                          \
    } while (0)

int main(void)
{
    BITS(SENSE_DATA, ErrorCode, 0, 0, 7);
    BITS(SENSE_DATA, Valid, 0, 7, 1);
    BITS(SENSE_DATA, SenseKey, 2, 0, 4);
    BITS(SENSE_DATA, Reserved, 2, 4, 1);
    BITS(SENSE_DATA, IncorrectLength, 2, 5, 1);
    BITS(SENSE_DATA, EndOfMedia, 2, 6, 1);
    BITS(SENSE_DATA, FileMark, 2, 7, 1);
    BITS(DESCRIPTOR_SENSE_DATA, ErrorCode, 0, 0, 7);
    BITS(DESCRIPTOR_SENSE_DATA, Reserved1, 0, 7, 1);
    BITS(DESCRIPTOR_SENSE_DATA, SenseKey, 1, 0, 4);
    BITS(DESCRIPTOR_SENSE_DATA, Reserved2, 1, 4, 4);
    BITS(INQUIRYDATA, DeviceType, 0, 0, 5);
    BITS(INQUIRYDATA, DeviceTypeQualifier, 0, 5, 3);
    BITS(INQUIRYDATA, DeviceTypeModifier, 1, 0, 7);
    BITS(INQUIRYDATA, RemovableMedia, 1, 7, 1);
    BITS(INQUIRYDATA, ANSIVersion, 2, 0, 3);
    BITS(INQUIRYDATA, ECMAVersion, 2, 3, 3);
    BITS(INQUIRYDATA, ISOVersion, 2, 6, 2);
    BITS(INQUIRYDATA, ResponseDataFormat, 3, 0, 4);
    BITS(INQUIRYDATA, HiSupport, 3, 4, 1);
    BITS(INQUIRYDATA, NormACA, 3, 5, 1);
    BITS(INQUIRYDATA, TerminateTask, 3, 6, 1);
    BITS(INQUIRYDATA, AERC, 3, 7, 1);
    BITS(INQUIRYDATA, Addr16, 6, 0, 1);
    BITS(INQUIRYDATA, Addr32, 6, 1, 1);
    BITS(INQUIRYDATA, AckReqQ, 6, 2, 1);
    BITS(INQUIRYDATA, MediumChanger, 6, 3, 1);
    BITS(INQUIRYDATA, MultiPort, 6, 4, 1);
    BITS(INQUIRYDATA, ReservedBit2, 6, 5, 1);
    BITS(INQUIRYDATA, EnclosureServices, 6, 6, 1);
    BITS(INQUIRYDATA, ReservedBit3, 6, 7, 1);
    BITS(INQUIRYDATA, SoftReset, 7, 0, 1);
    BITS(INQUIRYDATA, CommandQueue, 7, 1, 1);
    BITS(INQUIRYDATA, TransferDisable, 7, 2, 1);
    BITS(INQUIRYDATA, LinkedCommands, 7, 3, 1);
    BITS(INQUIRYDATA, Synchronous, 7, 4, 1);
    BITS(INQUIRYDATA, Wide16Bit, 7, 5, 1);
    BITS(INQUIRYDATA, Wide32Bit, 7, 6, 1);
    BITS(INQUIRYDATA, RelativeAddressing, 7, 7, 1);
    BITS(PRI_RESERVATION_DESCRIPTOR, Type, 13, 0, 4);
    BITS(PRI_RESERVATION_DESCRIPTOR, Scope, 13, 4, 4);
    BITS(PRO_PARAMETER_LIST, ActivatePersistThroughPowerLoss, 20, 0, 1);
    BITS(PRO_PARAMETER_LIST, Reserved1, 20, 1, 7);
    BITS(CDB, CDB6INQUIRY.Reserved1, 1, 0, 5);
    BITS(CDB, CDB6INQUIRY.LogicalUnitNumber, 1, 5, 3);
    BITS(CDB, CDB6INQUIRY3.EnableVitalProductData, 1, 0, 1);
    BITS(CDB, CDB6INQUIRY3.CommandSupportData, 1, 1, 1);
    BITS(CDB, MODE_SENSE.Dbd, 1, 3, 1);
    BITS(CDB, MODE_SENSE.PageCode, 2, 0, 6);
    BITS(CDB, MODE_SENSE.Pc, 2, 6, 2);
    BITS(CDB, MODE_SELECT.SPBit, 1, 0, 1);
    BITS(CDB, MODE_SELECT.PFBit, 1, 4, 1);
    BITS(CDB, PERSISTENT_RESERVE_IN.ServiceAction, 1, 0, 5);
    BITS(CDB, PERSISTENT_RESERVE_OUT.ServiceAction, 1, 0, 5);
    BITS(CDB, PERSISTENT_RESERVE_OUT.Type, 2, 0, 4);
    BITS(CDB, PERSISTENT_RESERVE_OUT.Scope, 2, 4, 4);
    BITS(CDB, CDB10.ForceUnitAccess, 1, 3, 1);
    BITS(CDB, CDB16.ForceUnitAccess, 1, 3, 1);
    BITS(INQUIRYDATA, TPGS, 5, 4, 2);
    BITS(READ_CAPACITY16_DATA, LBPME, 14, 7, 1);
    BITS(READ_CAPACITY16_DATA, LogicalPerPhysicalExponent, 13, 0, 4);
    return failed;
}
