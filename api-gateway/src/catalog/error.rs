/// Error in a `.proto` file, found at start.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The descriptor set does not decode or lacks what it refers to.
    #[error("the descriptor set cannot be read: {0}")]
    Descriptors(#[from] prost_reflect::DescriptorError),
    /// An option's definition is missing from the descriptor set.
    #[error("the descriptor set does not define the option {0}")]
    MissingOption(&'static str),
    /// An RPC has options that contradict each other or its messages.
    #[error("{rpc}: {fault}")]
    Rpc {
        /// The full name of the RPC.
        rpc: String,
        /// Description of the error and how to fix it.
        fault: String,
    },
}

impl CatalogError {
    pub(crate) fn rpc(rpc: impl Into<String>, fault: impl Into<String>) -> Self {
        Self::Rpc {
            rpc: rpc.into(),
            fault: fault.into(),
        }
    }
}
