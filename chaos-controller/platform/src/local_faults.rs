//! The faults of processes, as the controller asks the guard for them. The guard ends them itself
//! when their lease is over; this only asks.

use std::time::Duration;

use fault::FaultSpec;
use hyper::Method;
use serde_json::{Value, json};

use crate::local::{Guard, GuardError};

/// Containers and pods are stopped and started in seconds.
const PATIENCE: Duration = Duration::from_secs(45);

impl Guard {
    /// Applies a fault to a service or an instance, or renews it if it is there already.
    pub async fn apply_fault(&self, id: &str, target: &str, spec: &FaultSpec) -> Result<(), GuardError> {
        let body = json!({"id": id, "target": target, "spec": spec});
        let _: Value = self.client.clone().patient(PATIENCE).post("/faults", &body).await?;
        Ok(())
    }

    /// Renews the lease of a fault.
    pub async fn renew_fault(&self, id: &str) -> Result<(), GuardError> {
        let _: Value = self.client.expect(Method::PUT, &format!("/faults/{id}/lease"), None).await?;
        Ok(())
    }

    /// Ends a fault, and returns when what it did is undone. Says whether it was in force.
    pub async fn clear_fault(&self, id: &str) -> Result<bool, GuardError> {
        let client = self.client.clone().patient(PATIENCE);
        let answer: Value = client.expect(Method::DELETE, &format!("/faults/{id}"), None).await?;
        Ok(answer["cleared"] == true)
    }

    /// `{faults: [..], ended: [..]}` with what was delivered.
    pub async fn faults(&self) -> Result<Value, GuardError> {
        Ok(self.client.get("/faults").await?)
    }

    /// Every change of the faults, in order.
    pub async fn fault_log(&self) -> Result<Vec<Value>, GuardError> {
        let log: Value = self.client.get("/faults/log").await?;
        Ok(log["changes"].as_array().cloned().unwrap_or_default())
    }

    /// What of faults can be found on the processes themselves, whatever is in force: frozen,
    /// confined, workers that live. Empty is clean.
    pub async fn fault_residue(&self) -> Result<Vec<String>, GuardError> {
        Ok(self.client.get("/faults/residue").await?)
    }
}
