//! Ports and names: what is asked for is where something answers.

use serde_json::Value;
use url::Url;

use crate::{
    manifests::{Manifests, container, items, name_of, selects},
    services::{self, Loaded, OneService},
};

fn loaded(overlay: &Manifests, service: &OneService) -> Loaded {
    (service.load)(&overlay.environment(overlay.get("Deployment", service.name))).unwrap()
}

/// Returns the number of a port that is given by number or by name.
fn port_number(container: &Value, port: &Value) -> u64 {
    port.as_u64().unwrap_or_else(|| {
        items(&container["ports"])
            .iter()
            .find(|candidate| candidate["name"] == *port)
            .and_then(|port| port["containerPort"].as_u64())
            .unwrap_or_else(|| panic!("no port {port}"))
    })
}

#[test]
fn probes_ask_at_the_ports_that_the_configuration_opens() {
    for overlay in Manifests::overlays() {
        for service in services::all() {
            let loaded = loaded(overlay, &service);
            let container = container(overlay.get("Deployment", service.name));
            for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
                let probe = &container[probe];
                let (port, expected) = match (
                    probe["grpc"]["port"].as_u64(),
                    probe["httpGet"]["path"].as_str(),
                ) {
                    (Some(port), None) => (port, loaded.grpc.unwrap()),
                    (None, Some("/readyz")) => (
                        port_number(container, &probe["httpGet"]["port"]),
                        loaded.admin,
                    ),
                    (None, Some("/healthz")) => (
                        port_number(container, &probe["httpGet"]["port"]),
                        loaded.http.unwrap(),
                    ),
                    _ => panic!("{} has the probe {probe}", service.name),
                };
                assert_eq!(port, u64::from(expected.port()), "{}", service.name);
            }
        }
    }
}

#[test]
fn every_port_is_open_on_all_addresses_of_the_pod_and_declared_under_its_name() {
    for overlay in Manifests::overlays() {
        for service in services::all() {
            let loaded = loaded(overlay, &service);
            let deployment = overlay.get("Deployment", service.name);
            let door = if loaded.grpc.is_some() {
                "grpc"
            } else {
                "http"
            };
            for (name, address) in [(door, loaded.door()), ("admin", loaded.admin)] {
                assert!(
                    address.ip().is_unspecified(),
                    "{} listens on {address}",
                    service.name
                );
                let declared = port_number(container(deployment), &Value::from(name));
                assert_eq!(declared, u64::from(address.port()), "{}", service.name);
            }
            let annotations = &deployment["spec"]["template"]["metadata"]["annotations"];
            assert_eq!(
                annotations["prometheus.io/port"],
                loaded.admin.port().to_string()
            );
        }
    }
}

#[test]
fn every_url_inside_the_cluster_leads_to_a_service_and_from_there_to_an_open_port() {
    for overlay in Manifests::overlays() {
        let mut inside = 0;
        for caller in services::all() {
            for (name, value) in overlay.environment(overlay.get("Deployment", caller.name)) {
                let url = Url::parse(&value).ok();
                let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
                let Some(service) = services::all()
                    .into_iter()
                    .find(|service| service.name == host)
                else {
                    continue;
                };
                inside += 1;
                let ports = &overlay.get("Service", host)["spec"]["ports"];
                let port = items(ports).iter().find(|port| {
                    port["port"].as_u64() == url.as_ref().and_then(Url::port).map(u64::from)
                });
                let port =
                    port.unwrap_or_else(|| panic!("{name}={value} meets no port of the Service"));
                let target = port_number(
                    container(overlay.get("Deployment", host)),
                    &port["targetPort"],
                );
                assert_eq!(
                    target,
                    u64::from(loaded(overlay, &service).door().port()),
                    "{name}={value}"
                );
            }
        }
        assert_eq!(
            inside, 8,
            "task and recurrence know each other, realtime knows task, the gateway knows five"
        );
    }
}

#[test]
fn services_and_budgets_select_the_servers_and_nothing_else() {
    for manifests in Manifests::all() {
        for service in services::all() {
            let selectors = [
                &manifests.get("Service", service.name)["spec"]["selector"],
                &manifests.get("PodDisruptionBudget", service.name)["spec"]["selector"]["matchLabels"],
            ];
            for selector in selectors {
                let selected: Vec<&str> = manifests
                    .own_workloads()
                    .filter(|workload| {
                        selects(
                            selector,
                            &workload["spec"]["template"]["metadata"]["labels"],
                        )
                    })
                    .map(name_of)
                    .collect();
                assert_eq!(selected, [service.name]);
            }
        }
    }
}

#[test]
fn the_ingress_has_the_host_of_the_public_url_and_leads_to_the_gateway() {
    let production = Manifests::production();
    let ingress = &production.get("Ingress", "api-gateway")["spec"];
    let environment = production.environment(production.get("Deployment", "api-gateway"));
    let public = Url::parse(&environment["API_GATEWAY_PUBLIC_URL"]).unwrap();
    assert_eq!(
        (public.scheme(), public.host_str()),
        ("https", ingress["rules"][0]["host"].as_str())
    );
    assert_eq!(ingress["tls"][0]["hosts"][0], ingress["rules"][0]["host"]);
    let backend = &ingress["rules"][0]["http"]["paths"][0]["backend"]["service"];
    let service = production.get("Service", backend["name"].as_str().unwrap());
    assert!(
        items(&service["spec"]["ports"])
            .iter()
            .any(|port| port["name"] == backend["port"]["name"])
    );
}
