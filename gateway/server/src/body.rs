//! Bodies on their way: the size limit of a request (nothing is decoded here, so bytes are counted), and
//! how an answer ended.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tracing::Span;

/// A body that ends with an error after too many bytes.
#[derive(Debug)]
pub struct Limited {
    inner: axum::body::Body,
    left: usize,
    exceeded: Exceeded,
}

/// Tells afterwards whether the limit was passed.
#[derive(Debug, Clone, Default)]
pub struct Exceeded(Arc<AtomicBool>);

impl Exceeded {
    /// Whether the body was too large.
    #[must_use]
    pub fn happened(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Limited {
    /// Carries at most `limit` bytes.
    #[must_use]
    pub fn new(inner: axum::body::Body, limit: usize) -> (Self, Exceeded) {
        let exceeded = Exceeded::default();
        (
            Self {
                inner,
                left: limit,
                exceeded: exceeded.clone(),
            },
            exceeded,
        )
    }
}

impl Body for Limited {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let frame = match ready!(Pin::new(&mut self.inner).poll_frame(cx)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(tonic::Status::cancelled(error.to_string())))),
            Some(Ok(frame)) => frame,
        };
        if let Some(data) = frame.data_ref() {
            match self.left.checked_sub(data.len()) {
                Some(left) => self.left = left,
                None => {
                    self.exceeded.0.store(true, Ordering::Release);
                    let status = tonic::Status::resource_exhausted("the request is too large");
                    return Poll::Ready(Some(Err(status)));
                }
            }
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body that keeps the call's span open until its end and notes how it ended.
#[derive(Debug)]
pub struct Followed {
    inner: tonic::body::Body,
    span: Span,
}

impl Followed {
    /// Follows an answer.
    #[must_use]
    pub fn new(inner: tonic::body::Body, span: Span) -> Self {
        Self { inner, span }
    }
}

impl Body for Followed {
    type Data = Bytes;
    type Error = tonic::Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, tonic::Status>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        if let Some(Ok(frame)) = &frame
            && let Some(code) = frame
                .trailers_ref()
                .and_then(|trailers| trailers.get("grpc-status"))
            && let Ok(code) = code.to_str()
        {
            self.span.record("rpc.response.status_code", code);
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn a_body_of_the_limit_passes_and_one_byte_more_does_not() {
        let (body, exceeded) = Limited::new(axum::body::Body::from("12345"), 5);
        assert_eq!(body.collect().await.unwrap().to_bytes(), "12345");
        assert!(!exceeded.happened());
        let (body, exceeded) = Limited::new(axum::body::Body::from("123456"), 5);
        assert_eq!(
            body.collect().await.unwrap_err().code(),
            tonic::Code::ResourceExhausted
        );
        assert!(exceeded.happened());
    }
}
