//! What a run leaves behind, and how it is read again: the hash-chained journal, the scraped samples, the user's
//! request log and the ledgers; and PromQL over the samples. PURE: bytes in, bytes out; opening files and reading
//! clocks is the controller's work. Judging what the evidence means is left to `grader`.

pub mod exposition;
pub mod journal;
pub mod kind;
pub mod ledger;
mod lines;
pub mod promql;
pub mod recording;
pub mod requests;
pub mod review;
pub mod said;
pub mod samples;
pub mod testbed;
pub mod traces;
mod wire;

pub use journal::{Broken, Chain, Entry, Verified, verify};
pub use ledger::{Charge, Ledgers, Order};
pub use recording::{Chains, Decoded, Decoding, OpenError, Recording, Seal};
pub use requests::{Outcome, Request, RequestWriter};
pub use said::Said;
pub use samples::{SampleWriter, Samples, Series};
pub use wire::CodecError;
