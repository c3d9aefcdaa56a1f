//! What is said on standard output, to whoever started the program.

use std::fmt::Arguments;
use std::io::Write as _;

/// Writes a line. Somebody who reads only the first lines closes the pipe, which is no reason to stop.
pub fn line(text: Arguments<'_>) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Like `println!`, whoever listens.
macro_rules! say {
    ($($text:tt)*) => { $crate::say::line(format_args!($($text)*)) };
}
pub(crate) use say;
