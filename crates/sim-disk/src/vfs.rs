//! The door through which SQLite reaches simulated disks: its table of C functions, each of which
//! turns pointers into Rust values and calls [`Handle`]. Nothing else in this workspace is unsafe.
//!
//! The file reports what SQLite's own VFS reports on Linux (a write leaves the bytes beside it
//! alone), so that SQLite writes here as it writes there.

use super::Trouble;
use super::device::Disk;
use super::handle::{self, Handle, Opening};
use super::locks::Level;
use rusqlite::ffi;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::null_mut;
use std::slice;
use std::sync::Once;

/// The name by which SQLite finds simulated disks.
pub const NAME: &str = "jiaozi-sim";

const OK: c_int = ffi::SQLITE_OK;

/// What SQLite keeps for an open file: its own part, and ours.
#[repr(C)]
struct Slot {
    base: ffi::sqlite3_file,
    handle: *mut Handle,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Makes the VFS known to SQLite; it never becomes the default.
pub(super) fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
            iVersion: 2,
            szOsFile: size_of::<Slot>() as c_int,
            mxPathname: 512,
            pNext: null_mut(),
            zName: c"jiaozi-sim".as_ptr(),
            pAppData: null_mut(),
            xOpen: Some(open),
            xDelete: Some(delete),
            xAccess: Some(access),
            xFullPathname: Some(full_pathname),
            xDlOpen: None,
            xDlError: None,
            xDlSym: None,
            xDlClose: None,
            xRandomness: Some(randomness),
            xSleep: Some(sleep),
            xCurrentTime: Some(current_time),
            xGetLastError: Some(last_error),
            xCurrentTimeInt64: Some(current_time_in_milliseconds),
            xSetSystemCall: None,
            xGetSystemCall: None,
            xNextSystemCall: None,
        }));
        // SAFETY: the option takes one int; where SQLite is in use already, it only says no.
        // Counting memory takes a lock that all threads share.
        unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MEMSTATUS, 0 as c_int) };
        // SAFETY: the table is complete for its version and is never freed or changed by us.
        unsafe { ffi::sqlite3_vfs_register(vfs, 0) };
    });
}

fn code(trouble: Trouble) -> c_int {
    match trouble {
        Trouble::Off => ffi::SQLITE_IOERR,
        Trouble::Busy => ffi::SQLITE_BUSY,
        Trouble::Missing => ffi::SQLITE_CANTOPEN,
        Trouble::Full => ffi::SQLITE_FULL,
        Trouble::Write => ffi::SQLITE_IOERR_WRITE,
        Trouble::Sync => ffi::SQLITE_IOERR_FSYNC,
    }
}

fn done(result: Result<(), Trouble>) -> c_int {
    result.map_or_else(code, |()| OK)
}

/// A length or place of SQLite's, which is never below zero.
fn size(number: impl TryInto<usize>) -> usize {
    number.try_into().unwrap_or(0)
}

/// # Safety
/// `file` must have been filled by [`open`] and not be closed; SQLite uses it from one thread at a
/// time.
unsafe fn handle<'f>(file: *mut ffi::sqlite3_file) -> &'f mut Handle {
    // SAFETY: `open` put a handle there, which lives until `close`.
    unsafe { &mut *(*file.cast::<Slot>()).handle }
}

/// # Safety
/// `name` must be null or a C string that outlives the call.
unsafe fn disk_at(name: *const c_char) -> Option<(std::sync::Arc<Disk>, u64, String)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: the caller says that it is a C string.
    let path = unsafe { CStr::from_ptr(name) };
    Disk::at(path.to_str().ok()?)
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let slot = file.cast::<Slot>();
    // SAFETY: SQLite gives `szOsFile` bytes for the slot; without methods it never closes it.
    unsafe { (*slot).base.pMethods = std::ptr::null() };
    let has = |flag: c_int| flags & flag != 0;
    let how = Opening {
        is_made: has(ffi::SQLITE_OPEN_CREATE),
        is_new: has(ffi::SQLITE_OPEN_EXCLUSIVE),
        is_journal: has(ffi::SQLITE_OPEN_WAL | ffi::SQLITE_OPEN_MAIN_JOURNAL),
    };
    // SAFETY: SQLite gives a C string, or null for a temporary file.
    let opened = match unsafe { disk_at(name) } {
        Some((disk, process, name)) => Handle::open(disk, process, Some(name), how),
        None if name.is_null() => Handle::temporary(),
        None => Err(Trouble::Missing),
    };
    match opened {
        Ok(handle) => {
            // SAFETY: as above; `out_flags` is null or a place for the flags.
            unsafe {
                (*slot).handle = Box::into_raw(Box::new(handle));
                (*slot).base.pMethods = &METHODS;
                if !out_flags.is_null() {
                    *out_flags = flags;
                }
            }
            OK
        }
        Err(trouble) => code(trouble),
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    let slot = file.cast::<Slot>();
    // SAFETY: `open` put a box there; SQLite closes a file once and does not use it afterwards.
    unsafe {
        drop(Box::from_raw((*slot).handle));
        (*slot).base.pMethods = std::ptr::null();
    }
    OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    into: *mut c_void,
    length: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file, and a buffer of `length` bytes that is SQLite's.
    let (handle, into) =
        unsafe { (handle(file), slice::from_raw_parts_mut(into.cast::<u8>(), size(length))) };
    match handle.read(size(at), into) {
        Ok(true) => OK,
        Ok(false) => ffi::SQLITE_IOERR_SHORT_READ,
        Err(trouble) => code(trouble),
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    at: ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file, and `length` bytes that SQLite does not change meanwhile.
    let (handle, bytes) =
        unsafe { (handle(file), slice::from_raw_parts(bytes.cast::<u8>(), size(length))) };
    done(handle.write(size(at), bytes))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, length: ffi::sqlite3_int64) -> c_int {
    // SAFETY: an open file.
    done(unsafe { handle(file) }.truncate(size(length)))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: an open file.
    done(unsafe { handle(file) }.sync())
}

unsafe extern "C" fn file_size(
    file: *mut ffi::sqlite3_file,
    length: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: an open file, and a place for the answer.
    match unsafe { handle(file) }.size() {
        Ok(bytes) => {
            // SAFETY: SQLite's place for the answer.
            unsafe { *length = bytes as ffi::sqlite3_int64 };
            OK
        }
        Err(trouble) => code(trouble),
    }
}

fn level(number: c_int) -> Level {
    match number {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: an open file.
    done(unsafe { handle(file) }.lock(level(wanted)))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, left: c_int) -> c_int {
    // SAFETY: an open file.
    unsafe { handle(file) }.unlock(level(left));
    OK
}

unsafe extern "C" fn check_reserved_lock(
    file: *mut ffi::sqlite3_file,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: an open file, and a place for the answer.
    match unsafe { handle(file) }.is_reserved() {
        Ok(reserved) => {
            // SAFETY: SQLite's place for the answer.
            unsafe { *answer = c_int::from(reserved) };
            OK
        }
        Err(trouble) => code(trouble),
    }
}

unsafe extern "C" fn file_control(_: *mut ffi::sqlite3_file, _: c_int, _: *mut c_void) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(_: *mut ffi::sqlite3_file) -> c_int {
    4096
}

unsafe extern "C" fn device_characteristics(_: *mut ffi::sqlite3_file) -> c_int {
    ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    region: c_int,
    length: c_int,
    is_made: c_int,
    place: *mut *mut c_void,
) -> c_int {
    // SAFETY: an open file.
    match unsafe { handle(file) }.shared() {
        Ok(memory) => {
            let found = memory.region(size(region), size(length), is_made != 0);
            // SAFETY: a place for the answer. The region lives as long as the handle has it.
            unsafe { *place = found.map_or(null_mut(), |start| start.cast::<c_void>()) };
            OK
        }
        Err(trouble) => code(trouble),
    }
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    first: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let mask = ((1_u32 << count) - 1) << first;
    // SAFETY: an open file.
    let handle = unsafe { handle(file) };
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        handle.unlock_shared(mask);
        return OK;
    }
    done(handle.lock_shared(mask, flags & ffi::SQLITE_SHM_EXCLUSIVE != 0))
}

unsafe extern "C" fn shm_barrier(_: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: an open file.
    unsafe { handle(file) }.leave_shared();
    OK
}

unsafe extern "C" fn delete(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_directory: c_int,
) -> c_int {
    // SAFETY: SQLite gives a C string.
    let Some((disk, process, name)) = (unsafe { disk_at(name) }) else { return ffi::SQLITE_IOERR };
    match handle::remove(&disk, process, &name, sync_directory != 0) {
        Err(Trouble::Missing) => ffi::SQLITE_IOERR_DELETE_NOENT,
        result => done(result),
    }
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _flags: c_int,
    answer: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives a C string and a place for the answer.
    let found = unsafe { disk_at(name) };
    let exists = found.map(|(disk, process, name)| handle::exists(&disk, process, &name));
    match exists {
        Some(Ok(exists)) => {
            // SAFETY: SQLite's place for the answer.
            unsafe { *answer = c_int::from(exists) };
            OK
        }
        Some(Err(trouble)) => code(trouble),
        None => ffi::SQLITE_IOERR,
    }
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    into: *mut c_char,
) -> c_int {
    // SAFETY: SQLite gives a C string and a buffer of `room` bytes, which do not overlap.
    unsafe {
        let bytes = CStr::from_ptr(name).to_bytes_with_nul();
        if bytes.len() > size(room) {
            return ffi::SQLITE_CANTOPEN;
        }
        std::ptr::copy_nonoverlapping(bytes.as_ptr().cast::<c_char>(), into, bytes.len());
    }
    OK
}

unsafe extern "C" fn randomness(
    _: *mut ffi::sqlite3_vfs,
    length: c_int,
    into: *mut c_char,
) -> c_int {
    // SAFETY: a buffer of `length` bytes that is SQLite's.
    unsafe { slice::from_raw_parts_mut(into.cast::<u8>(), size(length)) }.fill(7);
    length
}

/// Lets others run. The time that SQLite wants to wait passes only as far as it is needed for that.
unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    std::thread::sleep(std::time::Duration::from_micros(size(micros).min(500) as u64));
    micros
}

/// 2026-11-21 as a Julian day, for ever: nothing that is stored takes its time from SQLite.
unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, answer: *mut f64) -> c_int {
    // SAFETY: a place for the answer.
    unsafe { *answer = 2_461_365.5 };
    OK
}

unsafe extern "C" fn current_time_in_milliseconds(
    _: *mut ffi::sqlite3_vfs,
    answer: *mut ffi::sqlite3_int64,
) -> c_int {
    // SAFETY: a place for the answer.
    unsafe { *answer = 2_461_365 * 86_400_000 + 43_200_000 };
    OK
}

unsafe extern "C" fn last_error(_: *mut ffi::sqlite3_vfs, _: c_int, _: *mut c_char) -> c_int {
    0
}
