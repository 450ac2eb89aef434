//! A restart: the pod is deleted and its StatefulSet makes another one of the same name. One whose books would go with it
//! is restarted in place.
//!
//! In place, because the container of a pod is replaced, and nothing else of it, when its image is given another name:
//! `firedrill:1` and `docker.io/library/firedrill:1` are two names of one image.

use std::time::Duration;

use serde_json::json;

use super::cluster::Cluster;
use super::instance::Instance;
use super::names::CONTAINER;
use super::wait::until;
use crate::guard::faults::Failed;

/// The registry of an image that names none.
const LIBRARY: &str = "docker.io/library/";

/// Restarts pods side by side, and waits until all of them run again.
pub(super) async fn restart(cluster: &Cluster, before: &[Instance], grace: Duration) -> Result<(), Failed> {
    for instance in before {
        if instance.books_go_with_it {
            in_place(cluster, instance).await?;
        } else {
            cluster.delete(instance, seconds(grace)).await?;
        }
    }
    until(|| async move {
        let now = cluster.instances().await?;
        let missing = before.iter().filter_map(|old| missing(old, &now)).next();
        Ok(missing)
    })
    .await
}

/// The cluster counts whole seconds, and kills at once at none, without a look whether anything died.
pub(super) fn seconds(grace: Duration) -> u32 {
    u32::try_from(grace.as_millis().div_ceil(1000)).unwrap_or(u32::MAX).max(1)
}

async fn in_place(cluster: &Cluster, instance: &Instance) -> Result<(), Failed> {
    let image = other_name(&instance.image).ok_or_else(|| {
        Failed(format!(
            "`{}` keeps its books in an emptyDir, which would go with the pod, and `{}` has no second name to restart it \
             in place by; give it a volume: deploy/kubernetes/components/persistent",
            instance.name, instance.image
        ))
    })?;
    let patch = json!({"spec": {"containers": [{"name": CONTAINER, "image": image}]}});
    cluster.patch_pod(&instance.name, &patch).await.map(drop)
}

/// The same image by another name, if it has one.
fn other_name(image: &str) -> Option<String> {
    match image.strip_prefix(LIBRARY) {
        Some(short) => Some(short.to_owned()),
        None if !image.is_empty() && !image.contains('/') => Some(format!("{LIBRARY}{image}")),
        None => None,
    }
}

/// What is still missing until the one after `old` runs.
fn missing(old: &Instance, now: &[Instance]) -> Option<String> {
    let Some(new) = now.iter().find(|new| new.name == old.name) else {
        return Some(format!("{} is not there", old.name));
    };
    let another = if old.books_go_with_it { new.container != old.container } else { new.uid != old.uid };
    (!another || !new.is_up()).then(|| match (another, new.held.as_str()) {
        (false, _) => format!("{} has not ended", new.name),
        (true, "") => format!("{} is {}", new.name, new.state),
        (true, held) => format!("{} is {} ({held})", new.name, new.state),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_without_a_registry_has_two_names() {
        assert_eq!(other_name("firedrill:0.1.0").as_deref(), Some("docker.io/library/firedrill:0.1.0"));
        assert_eq!(other_name("docker.io/library/firedrill:0.1.0").as_deref(), Some("firedrill:0.1.0"));
        assert_eq!(other_name("registry.example/firedrill:0.1.0"), None);
        assert_eq!(other_name(""), None);
    }

    #[test]
    fn a_grace_is_a_second_at_least_and_never_less_than_was_given() {
        let all = [0, 1, 1_000, 1_001, 5_000].map(|millis| seconds(Duration::from_millis(millis)));
        assert_eq!(all, [1, 1, 1, 2, 5]);
    }
}
