//! One io_uring with its provided buffers: the one place of the generator that needs `unsafe`.
//!
//! What makes it sound: the kernel reads the request and writes the buffers at times of its own, so
//! both belong to the ring, neither moves nor is freed before [`Ring`] is dropped, and dropping
//! first cancels everything that is under way and waits until it has ended.
#![allow(unsafe_code)]

use anyhow::{Context, Result};
use io_uring::types::{BufRingEntry, CancelBuilder, Fixed, SubmitArgs, Timespec};
use io_uring::{IoUring, cqueue, opcode, squeue};
use std::alloc::{Layout, alloc_zeroed, dealloc, handle_alloc_error};
use std::io;
use std::os::fd::RawFd;
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// Buffers the kernel fills. Few and small at first, so that they stay in the cache: an answer waits
/// in one only until its event is taken.
const BUFFERS: u16 = 256;
const BUFFER_BYTES: usize = 1024;

/// Longer answers get longer buffers, up to this, since each piece costs a completion.
pub(super) const BUFFER_BYTES_MAX: usize = 128 * 1024;

/// How much these take altogether: what a cache of the second level has.
const LONG_BUFFERS_BYTES: usize = 1024 * 1024;

const SUBMISSIONS: u32 = 1024;
const PAGE_BYTES: usize = 4096;

/// What poll(2) calls writable.
const POLLOUT: u32 = 0x4;

/// A ring, the files it knows by number, and its buffers.
pub(super) struct Ring {
    ring: IoUring,
    request: Arc<[u8]>,
    /// The last group is the one that receives take from; earlier ones may still be in use.
    groups: Vec<Buffers>,
}

impl Ring {
    /// A ring for so many connections, all of which send `request`.
    pub(super) fn new(request: Arc<[u8]>, connections: usize) -> Result<Self> {
        let connections = u32::try_from(connections).context("too many connections")?;
        let completions = (4 * connections).next_power_of_two().clamp(1024, 65_536);
        let ring = build(completions).context("cannot create an io_uring")?;
        ring.submitter()
            .register_files_sparse(connections.max(1))
            .context("cannot register files")?;
        let mut ring = Self {
            ring,
            request,
            groups: Vec::new(),
        };
        ring.add_group(BUFFERS, BUFFER_BYTES)?;
        Ok(ring)
    }

    /// Registers another group of buffers, for receives that are queued from now on.
    fn add_group(&mut self, count: u16, each_bytes: usize) -> Result<()> {
        let first_id = self.groups.last().map_or(0, Buffers::end_id);
        let group = self.groups.len() as u16;
        let buffers = Buffers::new(first_id, count, each_bytes);
        // SAFETY: the memory is `count` entries long, aligned to a page, and lives as long as the
        // ring: `groups` is dropped after the ring is (fields drop in order).
        unsafe {
            self.ring.submitter().register_buf_ring_with_flags(
                buffers.entries.as_ptr() as u64,
                count,
                group,
                0,
            )
        }
        .context("cannot register buffers")?;
        let ids = first_id..buffers.end_id();
        self.groups.push(buffers);
        for id in ids {
            self.give_back(id);
        }
        Ok(())
    }

    /// Makes room for pieces of `length_bytes`; whether receives have to be queued again to use it.
    pub(super) fn lengthen_buffers(&mut self, length_bytes: usize) -> Result<bool> {
        let present_bytes = self.groups.last().map_or(0, |group| group.each_bytes);
        let each_bytes = length_bytes.next_power_of_two().min(BUFFER_BYTES_MAX);
        if each_bytes <= present_bytes {
            return Ok(false);
        }
        let count = (LONG_BUFFERS_BYTES / each_bytes).min(usize::from(BUFFERS));
        self.add_group(count as u16, each_bytes)?;
        Ok(true)
    }

    /// How many buffers receives take from.
    pub(super) fn buffers(&self) -> usize {
        let group = self.groups.last();
        group.map_or(1, |group| usize::from(group.count))
    }

    /// Bytes of one request.
    pub(super) fn request_bytes(&self) -> usize {
        self.request.len()
    }

    /// Makes file `at` known to the ring, or unknown.
    pub(super) fn set_file(&self, at: u32, file: Option<RawFd>) -> io::Result<()> {
        let files = [file.unwrap_or(-1)];
        self.ring
            .submitter()
            .register_files_update(at, &files)
            .map(drop)
    }

    /// Queues a wait until file `at` can be written.
    pub(super) fn poll_writable(&mut self, at: u32, tag: u64) -> io::Result<()> {
        let entry = opcode::PollAdd::new(Fixed(at), POLLOUT).build();
        self.push(&entry.user_data(tag))
    }

    /// Queues the request from byte `from` on. A send that fails or falls short completes; one that
    /// does not completes only if it `tells`.
    pub(super) fn send(&mut self, at: u32, tag: u64, from: usize, tells: bool) -> io::Result<()> {
        let rest = &self.request[from..];
        let flags =
            rustix::net::SendFlags::NOSIGNAL.bits() | rustix::net::RecvFlags::WAITALL.bits();
        let entry = opcode::Send::new(Fixed(at), rest.as_ptr(), rest.len() as u32)
            .flags(flags as i32)
            .build()
            .flags(match tells {
                true => squeue::Flags::empty(),
                false => squeue::Flags::SKIP_SUCCESS,
            });
        self.push(&entry.user_data(tag))
    }

    /// Queues reading from file `at` until it ends: one completion for each piece that comes.
    pub(super) fn receive(&mut self, at: u32, tag: u64) -> io::Result<()> {
        let group = (self.groups.len() - 1) as u16;
        let entry = opcode::RecvMulti::new(Fixed(at), group).build();
        self.push(&entry.user_data(tag))
    }

    /// Cancels what was queued with this tag, and waits until it has ended.
    pub(super) fn cancel(&self, tag: u64) -> io::Result<()> {
        self.ring.submit()?;
        let cancelled = self
            .ring
            .submitter()
            .register_sync_cancel(None, CancelBuilder::user_data(tag).all());
        match cancelled {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn push(&mut self, entry: &squeue::Entry) -> io::Result<()> {
        loop {
            // SAFETY: entries are made in this file alone. They name registered files and buffers,
            // and the request, which all live until everything under way has ended (see `Drop`).
            if unsafe { self.ring.submission().push(entry) }.is_ok() {
                return Ok(());
            }
            self.ring.submit()?;
        }
    }

    /// Submits what is queued and waits: for `wanted` completions, but after `for_many` for one,
    /// and for `timeout` at most.
    pub(super) fn enter(
        &mut self,
        wanted: usize,
        for_many: Duration,
        timeout: Duration,
    ) -> io::Result<()> {
        let timeout = Timespec::from(timeout);
        let mut arguments = SubmitArgs::new().timespec(&timeout);
        if wanted > 1 {
            arguments = arguments.min_wait_usec(for_many.as_micros() as u32);
        }
        match self.ring.submitter().submit_with_args(wanted, &arguments) {
            Ok(_) => Ok(()),
            Err(error) => match error
                .raw_os_error()
                .map(rustix::io::Errno::from_raw_os_error)
            {
                // Time is up, a signal came, or completions must be taken first.
                Some(
                    rustix::io::Errno::TIME | rustix::io::Errno::INTR | rustix::io::Errno::BUSY,
                ) => Ok(()),
                _ => Err(error),
            },
        }
    }

    /// Moves all completions there are to `completions`.
    pub(super) fn take_completions(&mut self, completions: &mut Vec<cqueue::Entry>) {
        completions.extend(self.ring.completion());
    }

    /// The bytes of buffer `id`.
    pub(super) fn buffer(&self, id: u16) -> &[u8] {
        let group = &self.groups[self.group_of(id)];
        let offset_bytes = usize::from(id - group.first_id) * group.each_bytes;
        // SAFETY: the memory is this long and zeroed at first. The kernel writes only to buffers
        // that were given back, and callers look only at those that were not.
        unsafe {
            let start = group.bytes.as_ptr().add(offset_bytes);
            std::slice::from_raw_parts(start, group.each_bytes)
        }
    }

    /// Which group has buffer `id`. There are few, and the last is the one in use.
    fn group_of(&self, id: u16) -> usize {
        let place = self.groups.iter().rposition(|group| group.first_id <= id);
        place.expect("the first group begins with 0")
    }

    /// Lets the kernel fill buffer `id` again.
    pub(super) fn give_back(&mut self, id: u16) {
        let place = self.group_of(id);
        let group = &mut self.groups[place];
        let offset_bytes = usize::from(id - group.first_id) * group.each_bytes;
        let (tail, count) = (group.tail, group.count);
        // SAFETY: `tail % count` is within the entries, and the kernel reads an entry only once the
        // tail has moved past it, which the release store below does last.
        unsafe {
            let entries = group.entries.as_ptr();
            let entry = &mut *entries.add(usize::from(tail % count));
            entry.set_addr(group.bytes.as_ptr().add(offset_bytes) as u64);
            entry.set_len(group.each_bytes as u32);
            entry.set_bid(id);
            let shared_tail = BufRingEntry::tail(entries).cast::<AtomicU16>();
            (*shared_tail).store(tail.wrapping_add(1), Ordering::Release);
        }
        group.tail = tail.wrapping_add(1);
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        // Waits for all that is under way; a ring with nothing under way has nothing to find.
        let _ = self.ring.submit();
        let _ = self
            .ring
            .submitter()
            .register_sync_cancel(None, CancelBuilder::any());
    }
}

/// Newest flags first: a kernel that does not know one refuses the whole ring.
fn build(completions: u32) -> io::Result<IoUring> {
    let build = |without_array: bool| {
        let mut builder = IoUring::builder();
        builder
            .setup_single_issuer()
            .setup_defer_taskrun()
            .setup_cqsize(completions)
            .setup_clamp();
        if without_array {
            builder.setup_no_sqarray();
        }
        builder.build(SUBMISSIONS)
    };
    let ring = build(true).or_else(|_| build(false))?;
    let parameters = ring.params();
    if parameters.is_feature_ext_arg()
        && parameters.is_feature_nodrop()
        && parameters.is_feature_skip_cqe_on_success()
    {
        return Ok(ring);
    }
    Err(io::Error::from(io::ErrorKind::Unsupported))
}

/// The memory of one group of provided buffers, and of the ring that hands them to the kernel.
struct Buffers {
    /// The number of its first buffer; those of all groups follow each other.
    first_id: u16,
    /// A power of two.
    count: u16,
    each_bytes: usize,
    entries: NonNull<BufRingEntry>,
    bytes: NonNull<u8>,
    tail: u16,
}

// SAFETY: the pointers are owned, and nobody else has them.
unsafe impl Send for Buffers {}

impl Buffers {
    fn new(first_id: u16, count: u16, each_bytes: usize) -> Self {
        Self {
            first_id,
            count,
            each_bytes,
            entries: allocate(entries_layout(count)).cast(),
            bytes: allocate(bytes_layout(count, each_bytes)),
            tail: 0,
        }
    }

    /// The number after that of its last buffer.
    fn end_id(&self) -> u16 {
        self.first_id + self.count
    }
}

impl Drop for Buffers {
    fn drop(&mut self) {
        // SAFETY: allocated in `new` with these layouts; the ring that used them is gone.
        unsafe {
            dealloc(self.entries.as_ptr().cast(), entries_layout(self.count));
            let layout = bytes_layout(self.count, self.each_bytes);
            dealloc(self.bytes.as_ptr(), layout);
        }
    }
}

fn entries_layout(count: u16) -> Layout {
    let bytes = usize::from(count) * size_of::<BufRingEntry>();
    Layout::from_size_align(bytes, PAGE_BYTES).expect("some kilobytes, aligned to a page")
}

fn bytes_layout(count: u16, each_bytes: usize) -> Layout {
    let bytes = usize::from(count) * each_bytes;
    Layout::from_size_align(bytes, PAGE_BYTES).expect("a megabyte at most, aligned to a page")
}

fn allocate(layout: Layout) -> NonNull<u8> {
    // SAFETY: the layout's size is not zero.
    let memory = unsafe { alloc_zeroed(layout) };
    NonNull::new(memory).unwrap_or_else(|| handle_alloc_error(layout))
}
