//! Logs, spans and metrics. Quiet without an OTLP endpoint; never a name, mark, token or key.

use opentelemetry::{
    Context, global,
    metrics::Histogram,
    propagation::{Extractor, Injector},
    trace::TracerProvider as _,
};
use opentelemetry_otlp::WithExportConfig as _;
use opentelemetry_sdk::{
    Resource, metrics::SdkMeterProvider, propagation::TraceContextPropagator, trace::SdkTracerProvider,
};
use tonic::metadata::{MetadataKey, MetadataMap, MetadataValue};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::statements::Statements;

/// What must be flushed at the end.
#[derive(Debug, Default)]
pub struct Telemetry {
    tracer: Option<SdkTracerProvider>,
    meter: Option<SdkMeterProvider>,
}

/// Starts logs, and spans and metrics when `endpoint` is set.
pub fn start(service: &'static str, log: &str, endpoint: Option<&str>) -> anyhow::Result<Telemetry> {
    global::set_text_map_propagator(TraceContextPropagator::new());
    let mut telemetry = Telemetry::default();
    let mut spans_layer = None;
    let mut statements_layer = None;
    if let Some(endpoint) = endpoint {
        let resource = Resource::builder()
            .with_service_name(format!("hocba-{service}"))
            .build();
        let spans = opentelemetry_otlp::SpanExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()?;
        let tracer = SdkTracerProvider::builder()
            .with_batch_exporter(spans)
            .with_resource(resource.clone())
            .build();
        let metrics = opentelemetry_otlp::MetricExporter::builder()
            .with_tonic()
            .with_endpoint(endpoint)
            .build()?;
        let meter = SdkMeterProvider::builder()
            .with_periodic_exporter(metrics)
            .with_resource(resource)
            .build();
        global::set_tracer_provider(tracer.clone());
        global::set_meter_provider(meter.clone());
        spans_layer = Some(
            tracing_opentelemetry::layer()
                .with_tracer(tracer.tracer("hocba"))
                .with_filter(EnvFilter::try_new(log)?),
        );
        statements_layer = Some(Statements::new(tracer.tracer("hocba")).with_filter(Statements::filter()));
        telemetry = Telemetry {
            tracer: Some(tracer),
            meter: Some(meter),
        };
    }
    let logs = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(std::io::stderr)
        .with_span_list(false)
        .with_filter(EnvFilter::try_new(log)?);
    // A second start in one process (tests) keeps the first.
    drop(
        tracing_subscriber::registry()
            .with(spans_layer)
            .with(statements_layer)
            .with(logs)
            .try_init(),
    );
    Ok(telemetry)
}

impl Telemetry {
    /// Sends what is left.
    pub fn stop(self) {
        if let Some(Err(error)) = self.tracer.map(|tracer| tracer.shutdown()) {
            eprintln!("spans were lost at the end: {error}");
        }
        if let Some(Err(error)) = self.meter.map(|meter| meter.shutdown()) {
            eprintln!("metrics were lost at the end: {error}");
        }
    }
}

/// How long calls take, by method and code.
#[must_use]
pub fn call_duration() -> Histogram<f64> {
    global::meter("hocba")
        .f64_histogram("rpc.server.call.duration")
        .with_unit("s")
        .with_description("Duration of an RPC as the server sees it")
        .build()
}

/// The W3C `traceparent` of the current span; empty while nothing is traced.
#[must_use]
pub fn trace_parent() -> String {
    let mut carrier = One(None);
    let context = Span::current().context();
    global::get_text_map_propagator(|propagator| propagator.inject_context(&context, &mut carrier));
    carrier.0.unwrap_or_default()
}

/// Makes `span` a child of the trace in a W3C `traceparent`; an empty one changes nothing.
pub fn continue_trace(span: &Span, trace_parent: &str) {
    if trace_parent.is_empty() {
        return;
    }
    let context = extract(&One(Some(trace_parent.to_owned())));
    if span.set_parent(context).is_err() {
        tracing::debug!("the span is not traced");
    }
}

/// The trace context of inbound headers.
#[must_use]
pub fn extract(carrier: &dyn Extractor) -> Context {
    global::get_text_map_propagator(|propagator| propagator.extract(carrier))
}

/// Puts the current trace context into outbound metadata.
pub fn inject(metadata: &mut MetadataMap) {
    let context = Span::current().context();
    global::get_text_map_propagator(|propagator| {
        propagator.inject_context(&context, &mut Metadata(metadata))
    });
}

struct One(Option<String>);

impl Injector for One {
    fn set(&mut self, key: &str, value: String) {
        if key == "traceparent" {
            self.0 = Some(value);
        }
    }
}

impl Extractor for One {
    fn get(&self, key: &str) -> Option<&str> {
        if key == "traceparent" {
            self.0.as_deref()
        } else {
            None
        }
    }

    fn keys(&self) -> Vec<&str> {
        vec!["traceparent"]
    }
}

struct Metadata<'a>(&'a mut MetadataMap);

impl Injector for Metadata<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (Ok(key), Ok(value)) = (
            MetadataKey::from_bytes(key.as_bytes()),
            MetadataValue::try_from(value),
        ) {
            self.0.insert(key, value);
        }
    }
}

/// Inbound HTTP headers as a carrier.
#[derive(Debug)]
pub struct Headers<'a>(pub &'a http::HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}
