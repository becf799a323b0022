/* SPDX-License-Identifier: MIT */
/*
 * The disk driver on a scripted lower device: splitting, retries at exact virtual times, queue release,
 * flush grouping, FUA fallback, removal with I/O outstanding, no allocation per I/O.
 */
#include "lower.h"

static UCHAR area[3 << 20] __attribute__((aligned(4096)));
static struct request r, more[8];

#define SECONDS(n) ((uint64_t)(n) * WORLD_SECOND)

static void info_body(void)
{
    DISK_INFO info;

    DiskQuery(t.disk, &info);
    CHECK(info.Present && info.Blocks == 0x100000 && info.BlockSize == 512 && info.Number == 0);
    CHECK(strcmp(info.Vendor, "VENDOR") == 0 && strcmp(info.Serial, "SERIAL7") == 0 && !info.Multipath);
    CHECK(DiskNext(NULL) == t.disk && DiskNext(t.disk) == NULL);
}

static void split_body(void)
{
    CHECK(transfer(&r, DiskRead, 16, 24, area) == STATUS_SUCCESS);
    CHECK(r.io.Information == 24 * 512 && t.count == 2);
    CHECK(t.seen[0].lba == 16 && t.seen[0].blocks == 16 && t.seen[1].lba == 32 && t.seen[1].blocks == 8);
    t.count = 0;
    CHECK(transfer(&r, DiskRead, 0, 16, area + 512) == STATUS_SUCCESS); /* unaligned: one page less */
    CHECK(t.count == 2 && t.seen[0].blocks == 8);
    CHECK(t.seen[0].flags & SRB_FLAGS_DATA_IN && t.seen[0].flags & SRB_FLAGS_QUEUE_ACTION_ENABLE);
}

/* The lower device looks at every MDL. */
static void large_body(void)
{
    static const unsigned blocks[] = {8, 128, 129, 2048, 2048, 128};

    for (unsigned i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        t.count = 0;
        CHECK(transfer(&r, DiskRead, 0, blocks[i], area + 512) == STATUS_SUCCESS);
        CHECK(t.count == 1 && t.seen[0].blocks == blocks[i] && r.io.Information == blocks[i] * 512);
    }
}

static void limits_body(void)
{
    CHECK(transfer(&r, DiskRead, 0x100000 - 8, 8, area) == STATUS_SUCCESS);
    t.count = 0;
    CHECK(transfer(&r, DiskRead, 0x100000 - 8, 9, area) == STATUS_INVALID_PARAMETER);
    CHECK(transfer(&r, DiskRead, 0x100000, 1, area) == STATUS_INVALID_PARAMETER);
    CHECK(transfer(&r, DiskRead, ~0ull, 2, area) == STATUS_INVALID_PARAMETER);
    CHECK(transfer(&r, DiskRead, 5, 0, area) == STATUS_SUCCESS && r.io.Information == 0);
    CHECK(t.count == 0);
}

static void worst_body(void)
{
    script(1, (struct step){.srb = SRB_STATUS_SUCCESS});
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .key = 3, .asc = 0x11});
    CHECK(transfer(&r, DiskRead, 0, 24, area) == STATUS_DEVICE_DATA_ERROR);
    CHECK(r.io.Information == 16 * 512 && r.io.ScsiStatus == 2 && r.io.Sense[2] == 3 && r.io.Sense[12] == 0x11);
}

static void becoming_ready_body(void)
{
    uint64_t start = world_now(t.world);

    script(5, (struct step){.srb = SRB_STATUS_ERROR, .key = 2, .asc = 4, .ascq = 1});
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_DEVICE_NOT_READY);
    CHECK(t.count == 5);
    for (unsigned i = 0; i < 5; i++)
        CHECK(t.seen[i].time == start + SECONDS(10 * i));
    CHECK(!(t.seen[3].flags & SRB_FLAGS_DISABLE_DISCONNECT) && (t.seen[3].flags & SRB_FLAGS_QUEUE_ACTION_ENABLE));
    CHECK((t.seen[4].flags & SRB_FLAGS_DISABLE_DISCONNECT) && !(t.seen[4].flags & SRB_FLAGS_QUEUE_ACTION_ENABLE));
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_SUCCESS);
}

static void attention_body(void)
{
    uint64_t start = world_now(t.world);

    script(4, (struct step){.srb = SRB_STATUS_ERROR, .key = 6, .asc = 0x29});
    CHECK(transfer(&r, DiskWrite, 0, 8, area) == STATUS_SUCCESS && r.io.Information == 4096);
    CHECK(t.count == 5 && world_now(t.world) < start + SECONDS(1));
    script(5, (struct step){.srb = SRB_STATUS_ERROR, .key = 6, .asc = 0x29});
    CHECK(transfer(&r, DiskWrite, 0, 8, area) == STATUS_IO_DEVICE_ERROR);
    CHECK(t.count == 10);
}

static void threshold_body(void)
{
    script(32, (struct step){.srb = SRB_STATUS_ERROR, .key = 6, .asc = 0x38, .ascq = 7});
    script(4, (struct step){.srb = SRB_STATUS_ERROR, .key = 6, .asc = 0x29});
    CHECK(transfer(&r, DiskWrite, 0, 8, area) == STATUS_SUCCESS && t.count == 37);
    t.steps = t.next = t.count = 0;
    script(33, (struct step){.srb = SRB_STATUS_ERROR, .key = 6, .asc = 0x38, .ascq = 7});
    CHECK(transfer(&r, DiskWrite, 0, 8, area) == STATUS_IO_DEVICE_ERROR && t.count == 33);
}

static void conflict_body(void)
{
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .scsi = SCSISTAT_RESERVATION_CONFLICT});
    CHECK(transfer(&r, DiskWrite, 0, 8, area) == STATUS_DEVICE_BUSY);
    CHECK(t.count == 1 && r.io.ScsiStatus == SCSISTAT_RESERVATION_CONFLICT);
}

static void frozen_body(void)
{
    script(1, (struct step){.srb = SRB_STATUS_ERROR | SRB_STATUS_QUEUE_FROZEN, .key = 6, .asc = 0x29});
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_SUCCESS);
    CHECK(t.count == 3 && t.seen[1].function == SRB_FUNCTION_RELEASE_QUEUE && t.seen[2].opcode == SCSIOP_READ);
}

static void throttle_body(void)
{
    script(4, (struct step){.srb = SRB_STATUS_PARITY_ERROR});
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_SUCCESS);
    CHECK(t.count == 5 && (t.seen[0].flags & SRB_FLAGS_NO_QUEUE_FREEZE));
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_SUCCESS);
    CHECK(!(t.seen[5].flags & (SRB_FLAGS_NO_QUEUE_FREEZE | SRB_FLAGS_QUEUE_ACTION_ENABLE)) &&
          (t.seen[5].flags & SRB_FLAGS_DISABLE_SYNCH_TRANSFER) && !(t.seen[5].flags & SRB_FLAGS_DISABLE_DISCONNECT));
}

static void busy_body(void)
{
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .scsi = SCSISTAT_BUSY});
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_SUCCESS);
    CHECK(t.count == 3 && t.seen[1].function == SRB_FUNCTION_RESET_BUS);
}

static void start_unit_body(void)
{
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .key = 2, .asc = 4, .ascq = 2});
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_SUCCESS);
    CHECK(t.count == 3 && t.seen[1].opcode == SCSIOP_START_STOP_UNIT && t.seen[1].timeout == 240);
}

static void flush_body(void)
{
    script(1, (struct step){.hold = true});
    for (unsigned i = 0; i < 4; i++)
        submit(&more[i], DiskFlush, 0, 0, NULL);
    CHECK(t.count == 1 && t.seen[0].opcode == SCSIOP_SYNCHRONIZE_CACHE && t.seen[0].timeout == 40);
    CHECK(!(t.seen[0].flags & SRB_FLAGS_QUEUE_ACTION_ENABLE));
    release_held((struct step){.srb = SRB_STATUS_SUCCESS});
    for (unsigned i = 0; i < 4; i++)
        CHECK(more[i].done == 1 && more[i].io.Status == STATUS_SUCCESS);
    CHECK(t.count == 4 && t.seen[1].function == SRB_FUNCTION_FLUSH && t.seen[3].function == SRB_FUNCTION_FLUSH);
    t.steps = t.next = 0;
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .key = 5, .asc = 0x20});
    CHECK(transfer(&r, DiskFlush, 0, 0, NULL) == STATUS_INVALID_DEVICE_REQUEST);
}

static void fua_body(void)
{
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .key = 5, .asc = 0x24});
    CHECK(transfer(&r, DiskWriteThrough, 0, 8, area) == STATUS_SUCCESS);
    CHECK((t.seen[0].cdb1 & 8) && t.seen[0].opcode == SCSIOP_WRITE);
    CHECK(t.count >= 3 && t.seen[1].opcode == SCSIOP_MODE_SELECT && t.seen[2].opcode == SCSIOP_WRITE && !(t.seen[2].cdb1 & 8));
    CHECK(transfer(&r, DiskWriteThrough, 0, 8, area) == STATUS_SUCCESS && !(t.seen[3].cdb1 & 8));
}

static void plain_write_body(void)
{
    CHECK(transfer(&r, DiskWrite, 0, 8, area) == STATUS_SUCCESS && !(t.seen[0].cdb1 & 8));
    CHECK(transfer(&r, DiskWriteThrough, 0, 8, area) == STATUS_SUCCESS && !(t.seen[1].cdb1 & 8)); /* no cache: no FUA */
    CHECK(transfer(&r, DiskFlush, 0, 0, NULL) == STATUS_SUCCESS && t.count == 3);                 /* and no SYNC */
}

static void pages_body(void)
{
    t.short_of_memory = 8; /* blocks: larger transfers get INSUFFICIENT_RESOURCES */
    CHECK(transfer(&r, DiskRead, 8, 24, area + 512) == STATUS_SUCCESS && r.io.Information == 24 * 512);
    CHECK(t.count == 5 && t.seen[0].blocks == 24);
    CHECK(t.seen[1].lba == 8 && t.seen[1].blocks == 7); /* up to the page boundary */
    CHECK(t.seen[2].lba == 15 && t.seen[2].blocks == 8 && t.seen[3].lba == 23 && t.seen[4].blocks == 1);
    t.count = 0;
    t.short_of_memory = 4;
    CHECK(transfer(&r, DiskRead, 8, 24, area) == STATUS_INSUFFICIENT_RESOURCES && t.count == 2);
}

static void starved_body(void)
{
    script(8, (struct step){.hold = true});
    DiskOf(t.disk)->PacketCount = DISK_MAXIMUM_PACKETS - 1; /* two packets in all */
    for (unsigned i = 0; i < 8; i++)
        submit(&more[i], DiskRead, i, 1, area);
    CHECK(t.held_count == 2);
    for (unsigned round = 0; round < 4; round++)
        release_held((struct step){.srb = SRB_STATUS_SUCCESS});
    for (unsigned i = 0; i < 8; i++)
        CHECK(more[i].done == 1 && more[i].io.Status == STATUS_SUCCESS && t.seen[i].lba == i);
}

static NTSTATUS ioctl(ULONG code, void *in, ULONG in_length, void *out, ULONG out_length, ULONG *returned)
{
    return DiskSendControl(t.disk, code, in, in_length, out, out_length, returned);
}

static void controls_body(void)
{
    STORAGE_DEVICE_NUMBER number;
    GET_LENGTH_INFORMATION length;
    DISK_GEOMETRY_EX geometry;
    ULONG got;

    CHECK(ioctl(IOCTL_STORAGE_GET_DEVICE_NUMBER, NULL, 0, &number, sizeof number, &got) == STATUS_SUCCESS);
    CHECK(number.DeviceType == FILE_DEVICE_DISK && number.DeviceNumber == 0 && got == 12);
    CHECK(ioctl(IOCTL_STORAGE_GET_DEVICE_NUMBER, NULL, 0, &number, 11, &got) == STATUS_BUFFER_TOO_SMALL);
    CHECK(ioctl(IOCTL_DISK_GET_LENGTH_INFO, NULL, 0, &length, sizeof length, &got) == STATUS_SUCCESS);
    CHECK(length.Length.QuadPart == 512ll * 0x100000);
    CHECK(ioctl(IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, NULL, 0, &geometry, 32, &got) == STATUS_SUCCESS && got == 32);
    CHECK(ioctl(IOCTL_DISK_GET_DRIVE_GEOMETRY_EX, NULL, 0, &geometry, 31, &got) == STATUS_BUFFER_TOO_SMALL);
    CHECK(geometry.Geometry.Cylinders.QuadPart == 0x100000 / 16065);
    CHECK(ioctl(IOCTL_STORAGE_CHECK_VERIFY2, NULL, 0, NULL, 0, &got) == STATUS_SUCCESS);
    CHECK(ioctl(IOCTL_DISK_IS_WRITABLE, NULL, 0, NULL, 0, &got) == STATUS_SUCCESS);
    CHECK(ioctl(0x7FFF0000, NULL, 0, NULL, 0, &got) == STATUS_NOT_SUPPORTED); /* the lower driver's answer */
    CHECK(ioctl(IOCTL_SCSI_PASS_THROUGH, &number, sizeof number, &number, sizeof number, &got) == STATUS_INVALID_PARAMETER);
}

static void reserve_body(void)
{
    UCHAR out[12 + 24] = {0}, in[64];
    PERSISTENT_RESERVE_COMMAND *command = (PERSISTENT_RESERVE_COMMAND *)(void *)out;
    const ULONG code = IOCTL_STORAGE_PERSISTENT_RESERVE_OUT;
    ULONG got;

    command->Size = sizeof out;
    command->PR_OUT.ServiceAction = RESERVATION_ACTION_RESERVE;
    command->PR_OUT.Type = RESERVATION_TYPE_EXCLUSIVE_REGISTRANTS;
    CHECK(ioctl(code, out, 11, NULL, 0, &got) == STATUS_INFO_LENGTH_MISMATCH);
    CHECK(ioctl(code, out, sizeof out - 1, NULL, 0, &got) == STATUS_INVALID_PARAMETER);
    CHECK(t.count == 0);
    CHECK(ioctl(code, out, sizeof out, NULL, 0, &got) == STATUS_SUCCESS);
    CHECK(t.count == 1 && t.seen[0].opcode == SCSIOP_PERSISTENT_RESERVE_OUT && t.seen[0].cdb1 == 1);
    command->PR_OUT.Type = 7;
    CHECK(ioctl(code, out, sizeof out, NULL, 0, &got) == STATUS_INVALID_PARAMETER);
    command->PR_OUT.Type = 6;
    command->PR_OUT.Scope = 1;
    CHECK(ioctl(code, out, sizeof out, NULL, 0, &got) == STATUS_INVALID_PARAMETER);
    command->PR_OUT.Scope = 0;
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .scsi = SCSISTAT_RESERVATION_CONFLICT});
    CHECK(ioctl(code, out, sizeof out, NULL, 0, &got) == STATUS_DEVICE_BUSY);
    memset(out, 0, sizeof out);
    command->Size = 12;
    command->PR_IN.AllocationLength = 64;
    CHECK(ioctl(IOCTL_STORAGE_PERSISTENT_RESERVE_IN, out, 12, in, 63, &got) == STATUS_INVALID_PARAMETER);
    CHECK(ioctl(IOCTL_STORAGE_PERSISTENT_RESERVE_IN, out, 12, in, 64, &got) == STATUS_SUCCESS && got == 64);
    command->PR_IN.AllocationLength = 7;
    CHECK(ioctl(IOCTL_STORAGE_PERSISTENT_RESERVE_IN, out, 12, in, 64, &got) == STATUS_INVALID_PARAMETER);
    command->PR_IN.AllocationLength = 8;
    command->PR_IN.ServiceAction = 2;
    CHECK(ioctl(IOCTL_STORAGE_PERSISTENT_RESERVE_IN, out, 12, in, 64, &got) == STATUS_INVALID_PARAMETER);
}

static void reserve6_body(void)
{
    ULONG got;

    script(1, (struct step){.srb = SRB_STATUS_ERROR, .key = 5, .asc = 0x20});
    CHECK(ioctl(IOCTL_STORAGE_RESERVE, NULL, 0, NULL, 0, &got) == STATUS_SUCCESS);
    CHECK(t.seen[0].opcode == SCSIOP_RESERVE_UNIT && t.seen[1].opcode == SCSIOP_RESERVE_UNIT10);
    CHECK(ioctl(IOCTL_STORAGE_RELEASE, NULL, 0, NULL, 0, &got) == STATUS_SUCCESS);
    CHECK(t.count == 3 && t.seen[2].opcode == SCSIOP_RELEASE_UNIT10);
}

static NTSTATUS rw(ULONG major, ULONGLONG offset, ULONG length, ULONG_PTR *information)
{
    LARGE_INTEGER at = {.QuadPart = (LONGLONG)offset};
    IO_STATUS_BLOCK result;
    NTSTATUS status;
    KEVENT event;
    PIRP irp;

    KeInitializeEvent(&event, NotificationEvent, FALSE);
    irp = IoBuildSynchronousFsdRequest(major, t.disk, length ? area : NULL, length, &at, &event, &result);
    status = IoCallDriver(t.disk, irp);
    if (status == STATUS_PENDING) {
        KeWaitForSingleObject(&event, Executive, KernelMode, FALSE, NULL);
        status = result.Status;
    }
    *information = result.Information;
    return status;
}

static void irp_body(void)
{
    ULONG_PTR moved;

    CHECK(rw(IRP_MJ_READ, 4096, 8192, &moved) == STATUS_SUCCESS && moved == 8192);
    CHECK(t.seen[0].lba == 8 && t.seen[0].blocks == 16);
    CHECK(rw(IRP_MJ_WRITE, 512, 512, &moved) == STATUS_SUCCESS && moved == 512 && t.seen[1].opcode == SCSIOP_WRITE);
    CHECK(rw(IRP_MJ_READ, 100, 512, &moved) == STATUS_INVALID_PARAMETER);
    CHECK(rw(IRP_MJ_READ, 0, 511, &moved) == STATUS_INVALID_PARAMETER);
    t.count = 0;
    CHECK(rw(IRP_MJ_FLUSH_BUFFERS, 0, 0, &moved) == STATUS_SUCCESS && t.count == 2);
    CHECK(rw(IRP_MJ_SHUTDOWN, 0, 0, &moved) == STATUS_SUCCESS && t.count == 4);
    CHECK(t.seen[2].opcode == SCSIOP_SYNCHRONIZE_CACHE && t.seen[3].function == SRB_FUNCTION_SHUTDOWN);
}

static void raw_body(void)
{
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .key = 6, .asc = 0x29});
    memset(&r, 0, sizeof r);
    KeInitializeEvent(&r.event, NotificationEvent, FALSE);
    r.io.Operation = DiskScsi;
    r.io.CdbLength = 6; /* TEST UNIT READY */
    r.io.Done = request_done;
    r.io.User = &r;
    DiskSubmit(t.disk, &r.io);
    CHECK(r.done == 1 && r.io.Status == STATUS_IO_DEVICE_ERROR && r.io.Sense[12] == 0x29 && t.count == 1);
    r.io.CdbLength = 17;
    DiskSubmit(t.disk, &r.io);
    CHECK(r.done == 2 && r.io.Status == STATUS_INVALID_PARAMETER);
}

static void steady_body(void)
{
    struct nt_counters before, after;

    for (unsigned i = 0; i < 8; i++)
        CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_SUCCESS);
    nt_counters(t.machine, &before);
    for (unsigned i = 0; i < 1000; i++)
        CHECK(transfer(&r, i & 1 ? DiskRead : DiskWrite, i * 8, 8, area) == STATUS_SUCCESS);
    nt_counters(t.machine, &after);
    CHECK(after.pool_allocations == before.pool_allocations && after.irps_allocated == before.irps_allocated);
}

static void remove_thread(void *argument)
{
    (void)argument;
    CHECK(NT_SUCCESS(send_pnp(IRP_MN_REMOVE_DEVICE)));
}

static void removal_body(void)
{
    LARGE_INTEGER second = {.QuadPart = -(LONGLONG)WORLD_SECOND};

    script(1, (struct step){.hold = true});
    script(1, (struct step){.srb = SRB_STATUS_ERROR, .key = 2, .asc = 4, .ascq = 1}); /* waits 10 s for its retry */
    submit(&more[0], DiskRead, 0, 8, area);
    submit(&more[1], DiskRead, 0, 8, area);
    CHECK(NT_SUCCESS(send_pnp(IRP_MN_SURPRISE_REMOVAL)));
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_DEVICE_DOES_NOT_EXIST);
    CHECK(transfer(&r, DiskFlush, 0, 0, NULL) == STATUS_DEVICE_DOES_NOT_EXIST);
    nt_run_thread(t.machine, "remove", remove_thread, NULL);
    KeDelayExecutionThread(KernelMode, FALSE, &second);
    CHECK(t.gone == 0 && more[0].done == 0);
    release_held((struct step){.srb = SRB_STATUS_NO_DEVICE});
    CHECK(more[0].done == 1 && more[0].io.Status == STATUS_NO_SUCH_DEVICE);
    KeWaitForSingleObject(&more[1].event, Executive, KernelMode, FALSE, NULL);
    CHECK(more[1].io.Status == STATUS_NO_SUCH_DEVICE && more[1].done == 1 && t.count == 2);
    KeDelayExecutionThread(KernelMode, FALSE, &second);
    CHECK(t.gone == 1 && DiskNext(NULL) == NULL);
}

static void one_block_body(void)
{
    DISK_INFO info;

    DiskQuery(t.disk, &info);
    CHECK(info.Present && info.Blocks == 1);
}

static void block_fits_body(void)
{
    DISK_INFO info;

    DiskQuery(t.disk, &info);
    CHECK(info.Blocks == 0x100000 && info.BlockSize == 8192);
    CHECK(transfer(&r, DiskRead, 7, 1, area + 512) == STATUS_SUCCESS && r.io.Information == 8192);
}

static void block_too_large_body(void)
{
    DISK_INFO info;

    DiskQuery(t.disk, &info);
    CHECK(info.Present && info.Blocks == 0 && info.BlockSize == 512);
    CHECK(transfer(&r, DiskRead, 0, 1, area) == STATUS_INVALID_PARAMETER && t.count == 0);
}

static void block_changes_body(void)
{
    STORAGE_READ_CAPACITY capacity;
    ULONG got;

    t.block_size = 4096;
    CHECK(ioctl(IOCTL_STORAGE_READ_CAPACITY, NULL, 0, &capacity, sizeof capacity, &got) == STATUS_INVALID_BLOCK_LENGTH);
    CHECK(transfer(&r, DiskRead, 0, 8, area) == STATUS_SUCCESS && r.io.Information == 4096);
    t.block_size = 512;
    t.blocks *= 2;
    CHECK(ioctl(IOCTL_STORAGE_READ_CAPACITY, NULL, 0, &capacity, sizeof capacity, &got) == STATUS_SUCCESS);
    CHECK(capacity.NumberOfBlocks.QuadPart == 0x200000);
}

#define TEST(name, body, ...)          \
    static void name(void **state)     \
    {                                  \
        (void)state;                   \
        prepare();                     \
        __VA_ARGS__;                   \
        run(body);                     \
    }
TEST(disk_starts_and_tells_about_itself, info_body)
TEST(one_block_disk_starts, one_block_body, t.blocks = 1)
TEST(splitting_follows_transfer_length_and_pages, split_body, t.max_transfer = 8192, t.max_pages = 2)
TEST(packets_grow_for_pieces_above_64_kib, large_body, t.max_transfer = 1 << 20, t.max_pages = 258)
TEST(range_at_the_capacity_and_one_past_it, limits_body)
TEST(worst_piece_gives_the_status, worst_body, t.max_transfer = 8192, t.max_pages = 3)
TEST(becoming_ready_is_retried_every_ten_seconds_four_times, becoming_ready_body)
TEST(unit_attention_storm_is_retried_at_once_four_times, attention_body)
TEST(soft_threshold_has_its_own_budget, threshold_body)
TEST(reservation_conflict_is_not_retried, conflict_body)
TEST(frozen_queue_is_released, frozen_body)
TEST(fourth_counted_error_throttles, throttle_body)
TEST(scsi_busy_resets_the_bus, busy_body)
TEST(start_unit_when_initialization_is_required, start_unit_body)
TEST(flushes_that_arrive_during_a_flush_share_the_next, flush_body)
TEST(refused_fua_is_dropped_and_the_cache_switched_off, fua_body)
TEST(no_fua_and_no_sync_without_a_cache, plain_write_body, t.wce = 0)
TEST(raw_command_is_sent_once_and_shows_its_sense, raw_body)
TEST(no_allocation_per_io_in_steady_state, steady_body)
TEST(removal_waits_for_io_and_ends_retries, removal_body)
TEST(shortage_below_goes_page_by_page_once, pages_body)
TEST(io_waits_for_packets_in_order, starved_body)
TEST(device_controls_at_their_limits, controls_body)
TEST(persistent_reserve_checks, reserve_body)
TEST(reserve_6_falls_back_to_10_for_good, reserve6_body)
TEST(reads_writes_flush_and_shutdown_as_irps, irp_body)
TEST(block_as_large_as_a_transfer, block_fits_body, t.block_size = 8192, t.max_transfer = 8192, t.max_pages = 3)
TEST(block_larger_than_a_transfer_gives_length_0, block_too_large_body, t.block_size = 8193, t.max_transfer = 8192, t.max_pages = 3)
TEST(block_size_does_not_change_under_io, block_changes_body)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(disk_starts_and_tells_about_itself),
        cmocka_unit_test(one_block_disk_starts),
        cmocka_unit_test(splitting_follows_transfer_length_and_pages),
        cmocka_unit_test(packets_grow_for_pieces_above_64_kib),
        cmocka_unit_test(range_at_the_capacity_and_one_past_it),
        cmocka_unit_test(worst_piece_gives_the_status),
        cmocka_unit_test(becoming_ready_is_retried_every_ten_seconds_four_times),
        cmocka_unit_test(unit_attention_storm_is_retried_at_once_four_times),
        cmocka_unit_test(soft_threshold_has_its_own_budget),
        cmocka_unit_test(reservation_conflict_is_not_retried),
        cmocka_unit_test(frozen_queue_is_released),
        cmocka_unit_test(fourth_counted_error_throttles),
        cmocka_unit_test(scsi_busy_resets_the_bus),
        cmocka_unit_test(start_unit_when_initialization_is_required),
        cmocka_unit_test(flushes_that_arrive_during_a_flush_share_the_next),
        cmocka_unit_test(refused_fua_is_dropped_and_the_cache_switched_off),
        cmocka_unit_test(no_fua_and_no_sync_without_a_cache),
        cmocka_unit_test(raw_command_is_sent_once_and_shows_its_sense),
        cmocka_unit_test(no_allocation_per_io_in_steady_state),
        cmocka_unit_test(removal_waits_for_io_and_ends_retries),
        cmocka_unit_test(shortage_below_goes_page_by_page_once),
        cmocka_unit_test(io_waits_for_packets_in_order),
        cmocka_unit_test(device_controls_at_their_limits),
        cmocka_unit_test(persistent_reserve_checks),
        cmocka_unit_test(reserve_6_falls_back_to_10_for_good),
        cmocka_unit_test(reads_writes_flush_and_shutdown_as_irps),
        cmocka_unit_test(block_as_large_as_a_transfer),
        cmocka_unit_test(block_larger_than_a_transfer_gives_length_0),
        cmocka_unit_test(block_size_does_not_change_under_io),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
