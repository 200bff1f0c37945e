//! How the services are: asked when somebody wants to know, once for all who ask at the same time.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    http::{HeaderMap, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use serde::Serialize;
use tokio::{sync::Mutex, time::timeout};
use tonic::transport::Channel;
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

/// How long one may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// One service's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Takes calls.
    Serving,
    /// Answers that it takes none: it starts, drains, or lost its database.
    NotServing,
    /// Does not answer.
    Unreachable,
}

impl State {
    fn words(self) -> &'static str {
        match self {
            Self::Serving => "đang hoạt động",
            Self::NotServing => "tạm ngừng phục vụ",
            Self::Unreachable => "không liên lạc được",
        }
    }
}

/// What was last seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page {
    status: State,
    services: BTreeMap<String, State>,
}

/// Asks the services. Clones share the answers.
#[derive(Debug, Clone)]
pub struct Health {
    channels: Arc<BTreeMap<String, Channel>>,
    last: Arc<Mutex<Option<(Instant, Page)>>>,
}

impl Health {
    /// Of the services behind these channels.
    #[must_use]
    pub fn of(channels: BTreeMap<String, Channel>) -> Self {
        Self {
            channels: Arc::new(channels),
            last: Arc::default(),
        }
    }

    /// The state of now: asked after this call began, though perhaps for somebody else.
    async fn page(&self) -> Page {
        let wanted = Instant::now();
        let mut last = self.last.lock().await;
        if let Some((asked, page)) = last.as_ref()
            && *asked >= wanted
        {
            return page.clone();
        }
        let asked = Instant::now();
        let each = self
            .channels
            .iter()
            .map(|(name, channel)| async { (name.clone(), ask(channel.clone()).await) });
        let page = Page::of(futures::future::join_all(each).await.into_iter().collect());
        if last.as_ref().is_none_or(|(_, before)| *before != page) {
            tracing::info!(services = ?page.services, "health changed");
        }
        *last = Some((asked, page.clone()));
        page
    }

    /// The answer to `GET /healthz`: HTML for browsers, JSON for everybody else.
    pub async fn answer(&self, headers: &HeaderMap) -> Response {
        let page = self.page().await;
        let code = if page.status == State::Serving {
            StatusCode::OK
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        let wants_html = headers
            .get(header::ACCEPT)
            .and_then(|value| value.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"));
        if wants_html {
            (code, Html(html(&page))).into_response()
        } else {
            (code, Json(page)).into_response()
        }
    }
}

impl Page {
    fn of(services: BTreeMap<String, State>) -> Self {
        let all = services.values().all(|state| *state == State::Serving);
        Self {
            status: if all { State::Serving } else { State::NotServing },
            services,
        }
    }
}

async fn ask(channel: Channel) -> State {
    let mut client = HealthClient::new(channel);
    let asked = client.check(HealthCheckRequest {
        service: String::new(),
    });
    match timeout(PATIENCE, asked).await {
        Ok(Ok(answer)) if answer.get_ref().status() == ServingStatus::Serving => State::Serving,
        Ok(Ok(_)) => State::NotServing,
        Ok(Err(_)) | Err(_) => State::Unreachable,
    }
}

fn html(page: &Page) -> String {
    let mut rows = String::new();
    for (name, state) in &page.services {
        // Names are ours; nothing from outside stands on this page.
        let written = write!(
            rows,
            "<tr class=\"{class}\"><th scope=\"row\">{name}</th><td>{words}</td></tr>",
            class = if *state == State::Serving { "ok" } else { "bad" },
            words = state.words()
        );
        debug_assert!(written.is_ok(), "writing to a string cannot fail");
    }
    let headline = match page.status {
        State::Serving => "Hệ thống đang hoạt động bình thường",
        State::NotServing | State::Unreachable => "Một số dịch vụ chưa sẵn sàng",
    };
    format!(
        "<!doctype html><html lang=\"vi\"><head><meta charset=\"utf-8\"><title>hocba · tình trạng</title>\
         <meta http-equiv=\"refresh\" content=\"5\"><meta name=\"viewport\" content=\"width=device-width\">\
         <style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:3rem auto;padding:0 1rem}}\
         table{{border-collapse:collapse;width:100%}}th,td{{text-align:left;padding:.4rem .6rem;\
         border-bottom:1px solid #ddd}}.ok td{{color:#05603a}}.bad td{{color:#b42318;font-weight:600}}</style>\
         </head><body><h1>Học bạ số</h1><p>{headline}.</p><table>{rows}</table></body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_speaks_json_to_programs_and_vietnamese_to_people() {
        let services = [("identity", State::Serving), ("records", State::Unreachable)];
        let page = Page::of(services.map(|(name, state)| (name.to_owned(), state)).into());
        assert_eq!(
            serde_json::to_value(&page).unwrap(),
            serde_json::json!({
                "status": "not_serving",
                "services": { "identity": "serving", "records": "unreachable" }
            })
        );
        assert!(html(&page).contains("<th scope=\"row\">records</th><td>không liên lạc được</td>"));
    }
}
