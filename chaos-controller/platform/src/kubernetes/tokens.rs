//! The lab's tokens: a Secret that the first guard makes, and that everybody else's pods wait for. The two that a team may
//! know are in a second one as well, because nobody can be given a part of a Secret to read.

use std::collections::BTreeMap;
use std::io::Read as _;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use super::cluster::Cluster;
use super::names::{CANDIDATE, TOKENS, made_by_the_guard};
use crate::guard::faults::Failed;

const LAB: &str = "FIREDRILL_TOKEN";
const OBSERVER_KEY: &str = "FIREDRILL_OBSERVER_TOKEN";
const CANDIDATE_KEY: &str = "FIREDRILL_CANDIDATE_TOKEN";
const OPERATOR_KEY: &str = "FIREDRILL_OPERATOR_TOKEN";
const ALL: [&str; 4] = [LAB, OBSERVER_KEY, CANDIDATE_KEY, OPERATOR_KEY];
const TEAM: [&str; 2] = [OBSERVER_KEY, CANDIDATE_KEY];
/// Of a token.
const BYTES: usize = 16;

/// Sees to it that there are tokens; gives the operator's.
pub(super) async fn ensure(cluster: &Cluster) -> Result<String, Failed> {
    let mut tokens = match cluster.secret(TOKENS).await? {
        Some(tokens) => tokens,
        None => {
            // Another guard may be quicker; what is there then rules.
            cluster.make_secret(&secret(TOKENS, new()?)).await?;
            cluster.secret(TOKENS).await?.unwrap_or_default()
        }
    };
    let missing: Vec<&str> = ALL.into_iter().filter(|key| !tokens.contains_key(*key)).collect();
    if !missing.is_empty() {
        return Err(Failed(format!(
            "secret `{TOKENS}` lacks {}: delete it, and the next guard makes it anew",
            missing.join(", ")
        )));
    }
    let team = TEAM.map(|key| (key.to_owned(), tokens[key].clone())).into();
    match cluster.secret(CANDIDATE).await? {
        None => drop(cluster.make_secret(&secret(CANDIDATE, team)).await?),
        Some(there) if there != team => {
            tracing::warn!(
                "secret `{CANDIDATE}` has older tokens: delete it, and the next guard makes it anew"
            );
        }
        Some(_) => {}
    }
    Ok(tokens.remove(OPERATOR_KEY).unwrap_or_default())
}

fn secret(name: &str, tokens: BTreeMap<String, String>) -> Secret {
    Secret {
        metadata: ObjectMeta {
            name: Some(name.to_owned()),
            labels: Some(made_by_the_guard()),
            ..ObjectMeta::default()
        },
        string_data: Some(tokens),
        ..Secret::default()
    }
}

/// From the kernel's randomness.
fn new() -> Result<BTreeMap<String, String>, Failed> {
    let mut bytes = [0_u8; BYTES * ALL.len()];
    let read = std::fs::File::open("/dev/urandom").and_then(|mut random| random.read_exact(&mut bytes));
    read.map_err(|error| Failed(format!("failed to read the kernel's randomness: {error}")))?;
    let hex = |part: &[u8]| part.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(ALL.iter().zip(bytes.chunks(BYTES)).map(|(key, part)| ((*key).to_owned(), hex(part))).collect())
}
