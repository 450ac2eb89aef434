//! What is put into a cluster: every overlay as kubectl builds it, held against the schemas of Kubernetes, against checkov,
//! and against what the lab itself needs of it. There is no cluster here.
//!
//! Left out: what the guard asks of a cluster, which the crate `platform` tests against the same Role.

mod closed;
mod labels;
mod network;
mod others;
mod program;

use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use tests::repo::{read, relative, root, walk};
use tests::{Scratch, tools};

/// An overlay, built.
pub(crate) struct Overlay {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    pub(crate) objects: Vec<Value>,
}

/// The overlays that are shipped, and one of a cluster with Prometheus' operator. None where there is no kubectl.
pub(crate) fn overlays() -> &'static [Overlay] {
    static BUILT: OnceLock<Vec<Overlay>> = OnceLock::new();
    BUILT.get_or_init(|| {
        let Some(kubectl) = tools::kubectl() else { return Vec::new() };
        let scratch = Scratch::new();
        for path in ["deploy", "dashboards"].iter().flat_map(|folder| walk(&root().join(folder))) {
            let _ = scratch.write(&relative(&path), &read(&path));
        }
        let folder = "deploy/kubernetes/overlays";
        let _ = scratch.write(&format!("{folder}/operator/kustomization.yaml"), OPERATOR);
        let of = |name: &'static str| build(&kubectl, &scratch.work().join(folder).join(name), name);
        ["single-node", "shared-cluster", "operator"].map(of).into()
    })
}

const OPERATOR: &str = "namespace: firedrill
resources: [../../base]
components: [../../components/prometheus-operator]
";

fn build(kubectl: &Path, folder: &Path, name: &'static str) -> Overlay {
    let built = Command::new(kubectl).arg("kustomize").arg(folder).output().expect("kubectl can be run");
    let text = String::from_utf8_lossy(&built.stdout).into_owned();
    assert!(built.status.success(), "{name}: {}", String::from_utf8_lossy(&built.stderr));
    assert_eq!(String::from_utf8_lossy(&built.stderr), "", "{name}: it warns of nothing");
    let objects = serde_saphyr::from_multiple(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
    Overlay { name, text, objects }
}

impl Overlay {
    pub(crate) fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Value> {
        self.objects.iter().filter(move |object| object["kind"] == kind)
    }

    pub(crate) fn object<'a>(&'a self, kind: &'a str, name: &str) -> &'a Value {
        let found = self.of(kind).find(|object| object["metadata"]["name"] == name);
        found.unwrap_or_else(|| panic!("{}: no {kind} `{name}`", self.name))
    }

    /// Everything that makes pods: its name, and its template.
    pub(crate) fn workloads(&self) -> impl Iterator<Item = (&str, &Value)> {
        let all = self.of("StatefulSet").chain(self.of("Deployment"));
        all.map(|object| (text(&object["metadata"]["name"]), &object["spec"]["template"]))
    }

    /// Those that run our own image: name, template, and its one container.
    pub(crate) fn ours(&self) -> impl Iterator<Item = (&str, &Value, &Value)> {
        let all =
            self.workloads().map(|(name, template)| (name, template, &template["spec"]["containers"][0]));
        all.filter(|(_, _, container)| container["name"] == "firedrill")
    }
}

/// A text; empty if it is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list; none if it is none.
pub(crate) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[test]
fn every_object_fits_the_schema_of_its_kind() {
    let Some(validate) = tools::kubernetes_validate() else { return };
    let scratch = Scratch::new();
    for overlay in overlays() {
        let file = scratch.write(&format!("{}.yaml", overlay.name), &overlay.text);
        let output = Command::new(&validate).args(["--strict", "--quiet"]).arg(file).output();
        let output = output.expect("kubernetes-validate can be run");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert!(output.status.success(), "{}: {said}", overlay.name);
        // Kinds of an operator's: their schemas are its own.
        let unknown: Vec<&str> =
            said.lines().filter_map(|line| line.split("for kind ").nth(1)?.split(' ').next()).collect();
        let known: &[&str] = if overlay.name == "operator" { &["PodMonitor", "PrometheusRule"] } else { &[] };
        assert_eq!(unknown, known, "{}: {said}", overlay.name);
    }
}

#[test]
fn nothing_is_more_open_than_the_list_of_exceptions_says() {
    let Some(checkov) = tools::checkov() else { return };
    let scratch = Scratch::new();
    let skips = root().join("deploy/kubernetes/checkov.yaml");
    let mut checkov = Command::new(checkov);
    let _ = checkov.arg("--config-file").arg(skips);
    for overlay in overlays() {
        let _ = checkov.arg("--file").arg(scratch.write(&format!("{}.yaml", overlay.name), &overlay.text));
    }
    let output = checkov.current_dir(scratch.work()).output().expect("checkov can be run");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success() && said.contains("Failed checks: 0"), "{said}");
}

#[test]
fn every_exception_has_its_reason() {
    let skips = read(&root().join("deploy/kubernetes/checkov.yaml"));
    let lines: Vec<&str> = skips.lines().collect();
    let skipped = lines.iter().zip(lines.iter().skip(1)).filter(|(_, line)| line.trim().starts_with("- CKV"));
    let bare: Vec<_> = skipped.filter(|(above, _)| !above.trim().starts_with("# ")).collect();
    assert!(bare.is_empty(), "{bare:?}");
}

#[test]
fn the_image_is_named_in_one_place_with_the_version_of_the_program() {
    let version = read(&root().join("Cargo.toml"));
    let version = version.lines().find_map(|line| line.strip_prefix("version = ")).expect("there is one");
    let version = version.trim_matches('"');
    let files = walk(&root().join("deploy/kubernetes"));
    let naming = |path: &&std::path::PathBuf| {
        let is_yaml = path.extension().is_some_and(|extension| extension == "yaml");
        let text = read(path);
        let mut lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
        is_yaml && lines.any(|line| line.contains(version))
    };
    let named: Vec<String> = files.iter().filter(naming).map(|path| relative(path)).collect();
    assert_eq!(named, ["deploy/kubernetes/base/kustomization.yaml"]);
    for overlay in overlays() {
        for (name, _, container) in overlay.ours() {
            assert_eq!(container["image"], format!("firedrill:{version}"), "{}: {name}", overlay.name);
            assert_eq!(container["imagePullPolicy"], "IfNotPresent", "{}: {name}", overlay.name);
        }
    }
}
