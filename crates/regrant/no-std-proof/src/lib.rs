//! The proof that the core of regrant needs no standard library.
//!
//! Building the core without its default features on a host that has `std` proves nothing: a
//! dependency that quietly uses `std` builds there as well. This static library does prove it. It
//! brings its own panic handler, and the language allows one; so if any crate below it, however
//! deep, pulls in `std`, the build ends with "found duplicate lang item `panic_impl`". It also
//! brings its own allocator, which nothing else then needs to provide.
//!
//! `cargo xtask no-std` builds it, with and without the feature `getrandom`.
//!
//! It was seen to fail, which is what makes it a proof, in four ways: with a core that is not
//! `no_std`, with a dependency of the core that uses `std` (`http`), with a feature that brings it in
//! (`std` of `hex`), and with such a crate named right here. To see it again, add `http = "1"` to this
//! manifest and `extern crate http;` below. (A dependency that is declared and never named is not
//! loaded by the compiler, and not caught; nor does it end up in anybody's program.)
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;
use core::ptr;

use regrant::{BoxedClientStore, BoxedTokenStore, Engine, TokenRequest, decode_tokens};

/// Makes code of the generic driver, and with it of every decision: not only the crate must load
/// without `std`, what a host calls must link without it.
#[unsafe(no_mangle)]
pub fn regrant_token(
    engine: &Engine<BoxedTokenStore, BoxedClientStore>,
    request: TokenRequest<'_>,
) -> bool {
    engine.token(request).is_ok()
}

/// The same for the codec of the stored lists.
#[unsafe(no_mangle)]
pub fn regrant_decode(stored: &[u8]) -> bool {
    decode_tokens(stored).is_ok()
}

/// An allocator that has no memory. The library is linked and never run.
struct NoMemory;

// SAFETY: a null pointer is how `alloc` reports that it has no memory, and since it never hands out
// anything, `dealloc` is never called with a pointer.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
