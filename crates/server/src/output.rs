//! What commands print on standard output.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

/// Prints a line. Whoever closed the pipe has read enough: that ends nothing, so the program still
/// says by its exit code how it went. Anything else that keeps the text from coming out ends the
/// program, because it may be shown this once.
pub(crate) fn line(text: Arguments<'_>) {
    let mut output = io::stdout().lock();
    let written = output.write_fmt(text).and_then(|()| output.write_all(b"\n"));
    match written.and_then(|()| output.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            eprintln!("jiaozi: failed to print: {error}");
            std::process::exit(1);
        }
        _ => {}
    }
}

/// Prints a line as `println!` does, see [`line`].
macro_rules! say {
    ($($text:tt)*) => {
        $crate::output::line(format_args!($($text)*))
    };
}
