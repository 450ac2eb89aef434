//! Scraped samples: written as delta blocks while the run goes on, read back as series and asked questions.
//!
//! A series keeps the points at which its value *changed*; it holds its value until the next one, and ends at a
//! staleness mark (a NaN point), which a failed scrape of its process or its own absence puts there. When a process
//! was scraped is kept apart (`Samples::scrapes`), so "unchanged" and "not seen" never look the same.

mod decode;
mod expand;
mod export;
mod query;
mod series;
mod window;
mod writer;

pub use export::export;
pub use series::{Labels, Samples, Scrape, Series};
pub use window::Window;
pub use writer::SampleWriter;

/// The staleness mark: a series has no value from here on. A NaN with the bits that Prometheus uses, so that a NaN which
/// a process really exposed is not taken for one.
pub const STALE: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// First bytes of `samples.bin`; the last one is the version.
const MAGIC: &[u8; 8] = b"FDSMP\0\0\x01";

/// What a frame holds: its first byte.
mod frame {
    pub(super) const SOURCE: u8 = 1;
    pub(super) const SERIES: u8 = 2;
    pub(super) const SCRAPE: u8 = 3;
    pub(super) const DEAD: u8 = 4;
}

/// How a value is written: the low two bits of its first varint.
mod value {
    /// A whole number: the rest is the zigzag difference from the last whole value.
    pub(super) const WHOLE: u64 = 0;
    /// Eight bytes follow.
    pub(super) const FLOAT: u64 = 1;
    /// The series is no longer exposed.
    pub(super) const GONE: u64 = 2;
}

#[cfg(test)]
mod tests;
