use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{HeaderValue, Method, header};

use crate::{error::methods_text, gateway::Gateway};

/// Names the methods of a path in every answer to OPTIONS, which needs no token: the contract is public.
pub async fn allow(State(gateway): State<Arc<Gateway>>, request: Request, next: Next) -> Response {
    if request.method() != Method::OPTIONS {
        return next.run(request).await;
    }
    let methods = gateway.catalog.routes.methods(request.uri().path());
    let mut response = next.run(request).await;
    if !methods.is_empty()
        && let Ok(value) = HeaderValue::from_str(&methods_text(&methods))
    {
        response.headers_mut().insert(header::ALLOW, value);
    }
    response
}
