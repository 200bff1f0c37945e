//! A receiver of spans (OTLP over gRPC): keeps them for assertions, and in a file for the demo.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::Write as _,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use anyhow::Context;
use data_encoding::HEXLOWER;
use opentelemetry_proto::tonic::{
    collector::trace::v1::{
        ExportTraceServiceRequest, ExportTraceServiceResponse,
        trace_service_server::{TraceService, TraceServiceServer},
    },
    common::v1::{AnyValue, KeyValue, any_value::Value},
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// When the file grows larger than this it begins anew.
const FILE_LIMIT: u64 = 64 << 20;

/// One span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// `service.name` of the process.
    pub service: String,
    /// Its name.
    pub name: String,
    /// Hex.
    pub trace: String,
    /// Hex.
    pub id: String,
    /// Hex; empty at the root.
    pub parent: String,
    /// Nanoseconds since 1970.
    pub start: u64,
    /// Nanoseconds since 1970.
    pub end: u64,
    /// Attributes as text.
    pub attributes: BTreeMap<String, String>,
    /// Names and attributes of events, as text.
    pub events: Vec<String>,
}

/// Where spans arrive. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Traces {
    spans: Arc<Mutex<Vec<Span>>>,
    file: Option<PathBuf>,
}

impl Traces {
    /// Keeps spans in a file, one JSON object a line, instead of in memory.
    #[must_use]
    pub fn in_file(path: PathBuf) -> Self {
        Self {
            spans: Arc::default(),
            file: Some(path),
        }
    }

    /// Receives until the task is dropped.
    pub async fn serve(&self, address: SocketAddr) -> anyhow::Result<()> {
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("cannot bind {address}"))?;
        tonic::transport::Server::builder()
            .add_service(TraceServiceServer::new(self.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener))
            .await?;
        Ok(())
    }

    /// Everything received so far.
    #[must_use]
    pub fn spans(&self) -> Vec<Span> {
        self.lock().clone()
    }

    /// The spans of one trace.
    #[must_use]
    pub fn of(&self, trace: &str) -> Vec<Span> {
        self.lock()
            .iter()
            .filter(|span| span.trace == trace)
            .cloned()
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Span>> {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, spans: Vec<Span>) -> anyhow::Result<()> {
        let Some(path) = &self.file else {
            self.lock().extend(spans);
            return Ok(());
        };
        let mut lines = Vec::new();
        for span in &spans {
            serde_json::to_writer(&mut lines, span)?;
            lines.push(b'\n');
        }
        let full = fs::metadata(path).is_ok_and(|metadata| metadata.len() > FILE_LIMIT);
        let mut file = fs::OpenOptions::new().create(true).append(true).open(path)?;
        if full {
            file.set_len(0)?;
        }
        file.write_all(&lines)?;
        Ok(())
    }
}

/// Reads a file of spans; a line still being written is left out.
pub fn read(path: &std::path::Path) -> anyhow::Result<Vec<Span>> {
    let text = fs::read_to_string(path).with_context(|| format!("no spans in {}", path.display()))?;
    Ok(text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect())
}

/// The spans of one trace: by its id, or the newest of a method that was followed from the gateway into the log.
pub fn find(spans: Vec<Span>, wanted: &str) -> anyhow::Result<Vec<Span>> {
    let logged: BTreeSet<&str> = spans
        .iter()
        .filter(|span| span.name == "log integrate")
        .map(|span| span.trace.as_str())
        .collect();
    let newest = spans
        .iter()
        .filter(|span| span.service == "hocba-gateway" && span.name.ends_with(wanted))
        .filter(|span| logged.contains(span.trace.as_str()))
        .max_by_key(|span| span.start);
    let trace = newest.map_or_else(|| wanted.to_owned(), |span| span.trace.clone());
    let of: Vec<Span> = spans.into_iter().filter(|span| span.trace == trace).collect();
    anyhow::ensure!(!of.is_empty(), "no trace «{wanted}»");
    Ok(of)
}

/// A trace as an indented tree, in order of start.
#[must_use]
pub fn tree(spans: &[Span]) -> String {
    let ids: BTreeSet<&str> = spans.iter().map(|span| span.id.as_str()).collect();
    let mut text = String::new();
    let mut roots: Vec<&Span> = spans
        .iter()
        .filter(|span| !ids.contains(span.parent.as_str()))
        .collect();
    roots.sort_by_key(|span| span.start);
    for root in roots {
        branch(&mut text, spans, root, 0);
    }
    text
}

fn branch(text: &mut String, spans: &[Span], span: &Span, depth: usize) {
    // The contract sets no limit to depth, a terminal does.
    const DEEPEST: usize = 64;
    if depth > DEEPEST {
        return;
    }
    let micros = span.end.saturating_sub(span.start) / 1000;
    let written = writeln!(
        text,
        "{:indent$}{} · {} · {micros} µs",
        "",
        span.service,
        span.name,
        indent = depth * 2
    );
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
    let mut children: Vec<&Span> = spans.iter().filter(|child| child.parent == span.id).collect();
    children.sort_by_key(|child| child.start);
    for child in children {
        branch(text, spans, child, depth + 1);
    }
}

#[tonic::async_trait]
impl TraceService for Traces {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        let mut spans = Vec::new();
        for resource in request.into_inner().resource_spans {
            let about = attributes(&resource.resource.unwrap_or_default().attributes);
            let service = about.get("service.name").cloned().unwrap_or_default();
            for span in resource.scope_spans.into_iter().flat_map(|scope| scope.spans) {
                spans.push(Span {
                    service: service.clone(),
                    name: span.name,
                    trace: HEXLOWER.encode(&span.trace_id),
                    id: HEXLOWER.encode(&span.span_id),
                    parent: HEXLOWER.encode(&span.parent_span_id),
                    start: span.start_time_unix_nano,
                    end: span.end_time_unix_nano,
                    attributes: attributes(&span.attributes),
                    events: span
                        .events
                        .iter()
                        .map(|event| format!("{} {:?}", event.name, attributes(&event.attributes)))
                        .collect(),
                });
            }
        }
        self.keep(spans)
            .map_err(|error| Status::unavailable(error.to_string()))?;
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}

fn attributes(pairs: &[KeyValue]) -> BTreeMap<String, String> {
    pairs
        .iter()
        .map(|pair| {
            (
                pair.key.clone(),
                pair.value.as_ref().map(text_of).unwrap_or_default(),
            )
        })
        .collect()
}

fn text_of(value: &AnyValue) -> String {
    match &value.value {
        None => String::new(),
        Some(Value::StringValue(text)) => text.clone(),
        Some(other) => format!("{other:?}"),
    }
}
