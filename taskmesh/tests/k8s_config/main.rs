//! What would run on a cluster, and as processes of their own: the rendered manifests and `.env.example`, read by the
//! configuration structs of the services themselves.

mod addresses;
mod env_file;
mod example_environment;
mod manifests;
mod overlays;
mod pods;
mod production;
mod secrets;
mod services;
mod tokens;
