//! A span for each SQL statement, from what sqlx tells when one has ended: no service has to remember it.
//! The text of a statement holds parameters' numbers only, so no value leaves the database this way.

use std::time::{Duration, SystemTime};

use opentelemetry::{
    KeyValue,
    trace::{Span as _, SpanKind, TraceContextExt as _, Tracer as _},
};
use opentelemetry_sdk::trace::SdkTracer;
use tracing::{
    Event, Subscriber, dispatcher,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{Layer, filter::Targets, layer::Context, registry::LookupSpan};

/// What sqlx calls its news.
const TARGET: &str = "sqlx::query";

/// Turns sqlx' events into spans under the span they happened in.
pub(crate) struct Statements {
    tracer: SdkTracer,
}

impl Statements {
    pub(crate) fn new(tracer: SdkTracer) -> Self {
        Self { tracer }
    }

    /// Spans of everybody, for they are the parents; events of sqlx only.
    pub(crate) fn filter() -> Targets {
        Targets::new()
            .with_default(LevelFilter::INFO)
            .with_target(TARGET, LevelFilter::DEBUG)
    }
}

impl<S> Layer<S> for Statements
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != TARGET {
            return;
        }
        let Some(span) = context.lookup_current() else {
            return;
        };
        let parent =
            dispatcher::get_default(|dispatch| tracing_opentelemetry::get_otel_context(&span.id(), dispatch));
        let Some(parent) = parent else { return };
        if !parent.span().span_context().is_sampled() {
            return;
        }
        let mut told = Told::default();
        event.record(&mut told);
        let end = SystemTime::now();
        self.tracer
            .span_builder(told.summary.clone())
            .with_kind(SpanKind::Client)
            .with_start_time(end - told.elapsed)
            .with_attributes([
                KeyValue::new("db.system.name", "postgresql"),
                KeyValue::new("db.query.summary", told.summary),
            ])
            .start_with_context(&self.tracer, &parent)
            .end_with_timestamp(end);
    }
}

/// What an event of sqlx tells.
#[derive(Default)]
struct Told {
    summary: String,
    elapsed: Duration,
}

impl Visit for Told {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if field.name() == "elapsed_secs" {
            self.elapsed = Duration::try_from_secs_f64(value).unwrap_or_default();
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "summary" {
            value.clone_into(&mut self.summary);
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}
