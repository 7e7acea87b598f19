use std::sync::Arc;

use http::Method;

use super::{Binding, CatalogError, Rpc, path_template::RequestPath};

/// Minimum similarity of a suggestion.
const MIN_SIMILARITY: f64 = 0.6;
/// Maximum length of a path that gets a suggestion, in bytes; comparing takes the square of it.
const MAX_PATH_BYTES: usize = 200;

/// All routes, the more specific ones first.
#[derive(Debug, Default)]
pub struct RouteTable {
    routes: Vec<RouteMatch>,
}

/// Result of a search for a route.
#[derive(Debug)]
pub enum Found {
    /// Route of an RPC.
    Route(RouteMatch),
    /// The path exists, for these methods only.
    OtherMethods(Vec<Method>),
    /// No such path.
    Nothing {
        /// The route that comes nearest, such as `GET /v1/tasks/{task_id}`.
        nearest: Option<String>,
    },
}

/// Route of an RPC, and what a request that matches it has in its path.
#[derive(Debug, Clone)]
pub struct RouteMatch {
    /// The RPC.
    pub rpc: Arc<Rpc>,
    binding: usize,
    /// Values of the path's variables, in the order of the template.
    pub path_values: Vec<String>,
}

impl RouteMatch {
    /// Returns the route.
    pub fn binding(&self) -> &Binding {
        &self.rpc.bindings[self.binding]
    }
}

impl RouteTable {
    /// Collects the routes of all RPCs.
    ///
    /// # Errors
    ///
    /// Fails if two routes match the same requests.
    pub(super) fn new(rpcs: &[Arc<Rpc>]) -> Result<Self, CatalogError> {
        let mut routes: Vec<RouteMatch> = rpcs
            .iter()
            .flat_map(|rpc| {
                (0..rpc.bindings.len()).map(|binding| RouteMatch {
                    rpc: Arc::clone(rpc),
                    binding,
                    path_values: Vec::new(),
                })
            })
            .collect();
        routes.sort_by(|a, b| {
            a.binding()
                .template
                .shape()
                .cmp(&b.binding().template.shape())
        });
        for (at, route) in routes.iter().enumerate() {
            let same = |other: &&RouteMatch| {
                other.binding().method == route.binding().method
                    && other.binding().template.shape() == route.binding().template.shape()
            };
            if let Some(other) = routes[at + 1..].iter().find(same) {
                let (method, path) = (&route.binding().method, route.binding().path());
                let fault = format!(
                    "{method} {path} is also a route of {}",
                    other.rpc.full_name()
                );
                return Err(CatalogError::rpc(route.rpc.full_name(), fault));
            }
        }
        Ok(Self { routes })
    }

    /// Finds the route of a request line. HEAD finds what GET finds.
    pub fn find(&self, method: &Method, path: &str) -> Found {
        let wanted = if *method == Method::HEAD {
            &Method::GET
        } else {
            method
        };
        let paths = RequestPath::split(path);
        for path in &paths {
            let mut matching = self.matching(path);
            if let Some((route, path_values)) =
                matching.find(|(route, _)| route.binding().method == *wanted)
            {
                return Found::Route(RouteMatch {
                    path_values,
                    ..route.clone()
                });
            }
        }
        let methods = self.allowed(&paths);
        match methods.is_empty() {
            true => Found::Nothing {
                nearest: self.nearest(wanted, path),
            },
            false => Found::OtherMethods(methods),
        }
    }

    /// Returns the methods that a path has, among them HEAD where there is GET, and OPTIONS; none if there is no such path.
    pub fn methods(&self, path: &str) -> Vec<Method> {
        self.allowed(&RequestPath::split(path))
    }

    fn allowed(&self, paths: &[RequestPath<'_>]) -> Vec<Method> {
        let mut methods = Vec::new();
        let routes = paths.iter().flat_map(|path| self.matching(path));
        for (route, _) in routes {
            let method = &route.binding().method;
            if !methods.contains(method) {
                methods.push(method.clone());
                if *method == Method::GET {
                    methods.push(Method::HEAD);
                }
            }
        }
        if !methods.is_empty() {
            methods.push(Method::OPTIONS);
        }
        methods
    }

    fn matching<'a, 'p>(
        &'a self,
        path: &'p RequestPath<'p>,
    ) -> impl Iterator<Item = (&'a RouteMatch, Vec<String>)> + use<'a, 'p> {
        let routes = self.routes.iter();
        routes.filter_map(|route| Some((route, route.binding().template.matches(path)?)))
    }

    fn nearest(&self, method: &Method, path: &str) -> Option<String> {
        let path = path.trim_end_matches('/');
        if path.len() > MAX_PATH_BYTES {
            return None;
        }
        let path = &path.replace("%3A", ":").replace("%3a", ":");
        let measured = self.routes.iter().map(|route| {
            let candidate = route.binding().template.filled_from(path);
            let nearness = strsim::normalized_damerau_levenshtein(path, &candidate);
            (nearness, route.binding().method == *method, route)
        });
        let (nearness, _, route) =
            measured.max_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)))?;
        let binding = route.binding();
        (nearness >= MIN_SIMILARITY).then(|| format!("{} {}", binding.method, binding.path()))
    }
}
