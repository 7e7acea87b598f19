//! What every pod of the mesh may do, and how it ends.

use std::time::Duration;

use service_runtime::lifecycle::GRACE_PERIOD;

use crate::manifests::{Manifests, container, items, name_of, pod};

#[test]
fn no_pod_may_do_more_than_it_must() {
    for manifests in Manifests::all() {
        for workload in manifests.own_workloads() {
            let name = name_of(workload);
            let pod = pod(workload);
            assert_eq!(pod["automountServiceAccountToken"], false, "{name}");
            assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{name}");
            assert!(
                pod["securityContext"]["runAsUser"]
                    .as_u64()
                    .is_some_and(|user| user > 0),
                "{name}"
            );
            assert_eq!(
                pod["securityContext"]["seccompProfile"]["type"], "RuntimeDefault",
                "{name}"
            );
            let container = container(workload);
            let security = &container["securityContext"];
            assert_eq!(security["allowPrivilegeEscalation"], false, "{name}");
            assert_eq!(security["readOnlyRootFilesystem"], true, "{name}");
            assert_eq!(
                security["capabilities"],
                serde_json::json!({"drop": ["ALL"]}),
                "{name}"
            );
            for resource in ["cpu", "memory"] {
                assert!(
                    container["resources"]["requests"][resource].is_string(),
                    "{name}"
                );
                assert!(
                    container["resources"]["limits"][resource].is_string(),
                    "{name}"
                );
            }
            let account = manifests.get(
                "ServiceAccount",
                pod["serviceAccountName"].as_str().unwrap(),
            );
            assert_eq!(account["automountServiceAccountToken"], false, "{name}");
        }
    }
}

#[test]
fn kubernetes_adds_no_variables_of_its_own_that_a_service_would_refuse() {
    for manifests in Manifests::all() {
        for workload in manifests.own_workloads() {
            // For the Service `task-service` they would begin with TASK_SERVICE.
            assert_eq!(
                pod(workload)["enableServiceLinks"],
                false,
                "{}",
                name_of(workload)
            );
        }
    }
}

#[test]
fn a_server_has_time_to_finish_what_it_has_begun() {
    for manifests in Manifests::all() {
        for deployment in manifests.of_kind("Deployment") {
            let seconds = |value: &serde_json::Value| Duration::from_secs(value.as_u64().unwrap());
            let given = seconds(&pod(deployment)["terminationGracePeriodSeconds"]);
            let before =
                seconds(&container(deployment)["lifecycle"]["preStop"]["sleep"]["seconds"]);
            assert!(given > before + 2 * GRACE_PERIOD, "{}", name_of(deployment));
        }
    }
}

#[test]
fn a_server_is_replaced_only_by_one_that_is_ready_and_is_spread_over_nodes_and_zones() {
    for manifests in Manifests::all() {
        for deployment in manifests.of_kind("Deployment") {
            let update = &deployment["spec"]["strategy"]["rollingUpdate"];
            assert_eq!(update["maxUnavailable"], 0);
            let spread: Vec<_> = items(&pod(deployment)["topologySpreadConstraints"])
                .iter()
                .map(|constraint| constraint["topologyKey"].as_str().unwrap())
                .collect();
            assert_eq!(
                spread,
                ["kubernetes.io/hostname", "topology.kubernetes.io/zone"]
            );
        }
    }
}

#[test]
fn local_images_are_the_targets_of_the_dockerfile() {
    let dockerfile =
        std::fs::read_to_string(crate::manifests::repository().join("Dockerfile")).unwrap();
    for workload in Manifests::local().own_workloads() {
        let image = container(workload)["image"].as_str().unwrap();
        let target = image
            .strip_prefix("taskmesh/")
            .and_then(|image| image.strip_suffix(":dev"))
            .unwrap();
        assert!(dockerfile.contains(&format!(" AS {target}\n")), "{image}");
        assert_eq!(container(workload)["imagePullPolicy"], "IfNotPresent");
    }
}
