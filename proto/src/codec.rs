//! How messages become bytes and back: as prost has it, in buffers that are no larger than what is in them.
//!
//! By itself, tonic begins each direction of each call with a buffer of 8 KiB and keeps it until the call ends. A stream that goes on
//! for hours and tells little would keep it for all that time.

use std::marker::PhantomData;

use prost::Message;
use tonic::{
    Status,
    codec::{BufferSettings, Codec, EncodeBuf, Encoder},
};
use tonic_prost::ProstDecoder;

/// What a buffer begins with: nearly nothing.
const BEGIN_BYTES: usize = 64;
/// Small messages of a stream go out together up to so many bytes, as tonic has it.
const TOGETHER_BYTES: usize = 32 * 1024;

/// Returns the settings of buffers that grow with what is in them.
pub fn growing_buffers() -> BufferSettings {
    BufferSettings::new(BEGIN_BYTES, TOGETHER_BYTES)
}

/// Carries messages of known types.
#[derive(Debug, Clone)]
pub struct MessageCodec<T, U>(PhantomData<(T, U)>);

/// Encodes messages.
#[derive(Debug, Clone)]
pub struct MessageEncoder<T>(PhantomData<T>);

impl<T, U> Default for MessageCodec<T, U> {
    fn default() -> Self {
        Self(PhantomData)
    }
}

impl<T, U> Codec for MessageCodec<T, U>
where
    T: Message + Send + 'static,
    U: Message + Default + Send + 'static,
{
    type Encode = T;
    type Decode = U;
    type Encoder = MessageEncoder<T>;
    type Decoder = ProstDecoder<U>;

    fn encoder(&mut self) -> MessageEncoder<T> {
        MessageEncoder(PhantomData)
    }

    fn decoder(&mut self) -> ProstDecoder<U> {
        ProstDecoder::new(growing_buffers())
    }
}

impl<T: Message> Encoder for MessageEncoder<T> {
    type Item = T;
    type Error = Status;

    fn encode(&mut self, item: T, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        // At once, instead of doubling again and again.
        buffer.reserve(item.encoded_len());
        item.encode(buffer)
            .map_err(|error| Status::internal(error.to_string()))
    }

    fn buffer_settings(&self) -> BufferSettings {
        growing_buffers()
    }
}
