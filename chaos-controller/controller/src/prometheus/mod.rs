//! A real Prometheus as the source of samples: `--prometheus URL`. It scrapes the lab's processes, which it finds at
//! `/api/sd`, and each second its raw samples are fetched: into the live window, the run's recording and the pulse, as
//! if the controller had scraped them itself. The same engine evaluates and grades them.
//!
//! ```text
//!   processes <--- scrape --- Prometheus <--- {job="firedrill"}[5s] --- source.rs ---> window, recording, pulse
//!                                 |                                        |
//!                                 '-> Alertmanager ---> webhook            '---> desk.rs: what is there, what is lacking
//! ```
//! Asked for is a plain range of samples, by the query API and not by remote read: it is one request that every store
//! with Prometheus' API answers, without protobuf or snappy, and the numbers in it are exact. Marks of staleness are not in
//! such an answer and need not be: `up` is there for every scrape, so what a scrape did not have is seen by its absence.
//!
//! Left out: evaluating there (the verdict must not depend on the version of somebody's Prometheus), TLS and passwords.

mod address;
mod clock;
mod desk;
mod read;
mod source;

pub use address::Address;
pub(crate) use desk::Desk;
pub(crate) use source::Source;
