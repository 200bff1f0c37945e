//! Article 9: accounts are personal.

use hocba_cluster::school::{account, request_id};
use hocba_proto::records::{FinishEntrySessionRequest, LeaveEntrySessionRequest, OpenEntrySessionRequest};

use crate::{refused, school};

#[tokio::test]
async fn a9_nobody_enters_finishes_or_leaves_for_another() {
    let (cluster, school) = school().await;
    let mut records = school.records();
    let sheet = school.sheet("AN", "end2");
    let colleague = account(&cluster, &school.admin, &school.name, &["subject_teacher"])
        .await
        .unwrap();
    let session = school.enter(&sheet).await.unwrap();
    for other in [&school.principal, &school.admin, &colleague] {
        let open = OpenEntrySessionRequest {
            mark_sheet: sheet.clone(),
            request_id: request_id(),
        };
        assert_eq!(
            refused(records.open_entry_session(other.ask(open).unwrap()).await),
            "PERMISSION_DENIED"
        );
        let finish = FinishEntrySessionRequest {
            name: session.clone(),
            request_id: request_id(),
        };
        assert_eq!(
            refused(records.finish_entry_session(other.ask(finish).unwrap()).await),
            "PERMISSION_DENIED"
        );
        let leave = LeaveEntrySessionRequest {
            name: session.clone(),
            request_id: request_id(),
        };
        assert_eq!(
            refused(records.leave_entry_session(other.ask(leave).unwrap()).await),
            "PERMISSION_DENIED"
        );
    }
    let receipt = school.finish(&session).await.unwrap();
    assert_eq!(receipt.teacher, school.teacher.login.account);
}
