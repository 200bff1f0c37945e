//! What can go wrong, and its one mapping to codes and reasons.

use hocba_chassis::error::{Failure, SHARED};
use tonic::{Code, Status};

use crate::model::{calendar::format_day, import::Finding, place::Unfit, place_file::Finding as Row};

/// Everything records can fail with.
#[derive(Debug, thiserror::Error)]
#[expect(
    missing_docs,
    reason = "each variant is a reason of hocba.records.v1.ErrorReason, which says what it means"
)]
pub enum Error {
    #[error("malformed: {0}")]
    Malformed(&'static str, String),
    #[error("year exists")]
    YearExists,
    #[error("year unknown")]
    YearUnknown,
    #[error("rule set unknown")]
    RuleSetUnknown,
    #[error("class differs")]
    ClassDiffers(String),
    #[error("class unknown")]
    ClassUnknown(String),
    #[error("item unknown")]
    ItemUnknown(String),
    #[error("file unreadable")]
    FileUnreadable(String),
    #[error("import unknown")]
    ImportUnknown,
    #[error("import has errors")]
    ImportHasErrors(usize),
    #[error("choices missing")]
    ImportChoiceMissing(Vec<Finding>),
    #[error("import stale")]
    ImportStale,
    #[error("import committed")]
    ImportCommitted,
    #[error("pupil unknown")]
    PupilUnknown,
    #[error("fields do not hold")]
    Invalid(Vec<(String, &'static str)>),
    #[error("personal id taken")]
    PersonalIdTaken,
    #[error("pupil code taken")]
    PupilCodeTaken,
    #[error("pupil enrolled")]
    PupilEnrolled,
    #[error("pupil left")]
    PupilLeft,
    #[error("pupil not left")]
    PupilNotLeft,
    #[error("grade differs")]
    GradeDiffers,
    #[error("absences by month")]
    AbsencesByMonth,
    #[error("checklist incomplete")]
    ChecklistIncomplete(Vec<String>),
    #[error("checklist early")]
    ChecklistEarly,
    #[error("checklist done")]
    ChecklistDone,
    #[error("finding unknown")]
    FindingUnknown,
    #[error("finding settled")]
    FindingSettled,
    #[error("sheet unknown")]
    SheetUnknown,
    #[error("sheet complete")]
    SheetComplete,
    #[error("sheet incomplete")]
    SheetIncomplete(Vec<(String, String)>),
    #[error("roster empty")]
    RosterEmpty,
    #[error("session elsewhere")]
    SessionElsewhere,
    #[error("session unknown")]
    SessionUnknown,
    #[error("session over")]
    SessionOver,
    #[error("session held")]
    SessionHeld,
    #[error("session not held")]
    SessionNotHeld,
    #[error("exemption unknown")]
    ExemptionUnknown,
    #[error("exemption over")]
    ExemptionOver,
    #[error("reassessment unlawful: {0}")]
    ReassessmentUnlawful(&'static str),
    #[error("reassessment unknown")]
    ReassessmentUnknown,
    #[error("reassessment decided")]
    ReassessmentDecided,
    #[error("award unknown")]
    AwardUnknown,
    #[error("not a candidate")]
    NotACandidate,
    #[error("award given")]
    AwardGiven,
    #[error("nothing to check")]
    NothingToCheck,
    #[error("spot check unknown")]
    SpotCheckUnknown,
    #[error("template unknown")]
    TemplateUnknown,
    #[error("receipt unknown")]
    ReceiptUnknown,
    #[error("{0} cells are not sealed")]
    CellsNotSealed(usize),
    #[error("{0} results are not confirmed")]
    ResultsNotConfirmed(usize),
    #[error("cell unknown")]
    CellUnknown(String),
    #[error("permit invalid: {0}")]
    PermitInvalid(&'static str),
    #[error("permit used")]
    PermitUsed,
    #[error("cell changed")]
    CellChanged,
    #[error("choices missing")]
    SheetChoiceMissing(Vec<(String, String)>),
    #[error("another sheet's file")]
    SheetFileOther(String),
    #[error("a stale file: {0}")]
    SheetFileStale(&'static str),
    #[error("{} promotions are undecided", .0.len())]
    PromotionUndecided(Vec<(String, String)>),
    #[error("roll-over unknown")]
    RollOverUnknown,
    #[error("roll-over exists")]
    RollOverExists,
    #[error("roll-over confirmed")]
    RollOverConfirmed,
    #[error("roll-over stale")]
    RollOverStale,
    #[error("roll-over incomplete")]
    RollOverIncomplete(Vec<(String, String)>),
    #[error("the feed has not come further than {0}")]
    SequenceUnknown(i64),
    #[error("places are not in force")]
    PlaceInvalid(Vec<(&'static str, Unfit)>),
    #[error("{} rows do not hold", .0.len())]
    PlaceRows(Vec<Row>),
    #[error("etag mismatch")]
    EtagMismatch,
    #[error("the database holds what it must not: {0}")]
    Damaged(&'static str),
    #[error(transparent)]
    Fence(#[from] hocba_fence::Error),
    #[error(transparent)]
    Shared(Box<Failure>),
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self::Shared(Box::new(failure))
    }
}

impl From<sqlx::Error> for Error {
    /// The fence speaks through the database.
    fn from(error: sqlx::Error) -> Self {
        Self::Fence(error.into())
    }
}

impl From<hocba_vault::Error> for Error {
    /// What does not open was damaged or moved, or the master key is another: never the caller's fault.
    fn from(error: hocba_vault::Error) -> Self {
        Failure::internal(error).into()
    }
}

const OWN: &str = "records.hocba";

impl From<Error> for Status {
    fn from(error: Error) -> Self {
        Failure::from(error).into()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Malformed(field, words) => Self::bad_request(field, words),
            Error::Invalid(fields) => fields.into_iter().fold(
                Self::invalid(SHARED, "BAD_REQUEST").vi("Có mục chưa hợp lệ, xin sửa các mục được nêu."),
                |failure, (field, words)| failure.violation(field, words),
            ),
            Error::YearExists => Self::precondition(OWN, "YEAR_EXISTS").vi("Năm học này đã có."),
            Error::YearUnknown => Self::not_found(OWN, "YEAR_UNKNOWN").vi("Chưa có năm học này."),
            Error::RuleSetUnknown => {
                Self::invalid(OWN, "RULE_SET_UNKNOWN").vi("Không có bộ quy định đánh giá cho năm học này.")
            }
            Error::ClassDiffers(class) => Self::precondition(OWN, "CLASS_DIFFERS")
                .meta("class", class)
                .vi("Lớp này đã có ở khối khác."),
            Error::ClassUnknown(class) => Self::not_found(OWN, "CLASS_UNKNOWN")
                .meta("class", class)
                .vi("Không có lớp này."),
            Error::ItemUnknown(item) => Self::invalid(OWN, "ITEM_UNKNOWN")
                .meta("item", item)
                .vi("Khối lớp này không có môn hoặc mục này."),
            Error::FileUnreadable(what) => Self::invalid(OWN, "FILE_UNREADABLE")
                .violation("file", what.clone())
                .vi(what),
            Error::ImportUnknown => Self::not_found(OWN, "IMPORT_UNKNOWN").vi("Không có lần nạp tệp này."),
            Error::ImportHasErrors(count) => Self::precondition(OWN, "IMPORT_HAS_ERRORS")
                .meta("count", count)
                .vi(format!("Tệp còn {count} lỗi, xin sửa trong tệp rồi nạp lại.")),
            Error::ImportChoiceMissing(findings) => findings.into_iter().fold(
                Self::precondition(OWN, "IMPORT_CHOICE_MISSING").vi("Còn mục phải chọn trước khi ghi."),
                |failure, finding| failure.violation(finding.id, finding.words),
            ),
            Error::ImportStale => Self::aborted(OWN, "IMPORT_STALE")
                .vi("Danh sách học sinh đã thay đổi từ khi đọc tệp, xin nạp lại tệp."),
            Error::ImportCommitted => {
                Self::precondition(OWN, "IMPORT_COMMITTED").vi("Lần nạp tệp này đã được ghi.")
            }
            Error::PupilUnknown => Self::not_found(OWN, "PUPIL_UNKNOWN").vi("Không có học sinh này."),
            Error::PersonalIdTaken => Self::precondition(OWN, "PERSONAL_ID_TAKEN")
                .vi("Số định danh này đã thuộc một học sinh khác của trường, xin kiểm tra lại."),
            Error::PupilCodeTaken => Self::precondition(OWN, "PUPIL_CODE_TAKEN")
                .vi("Mã học sinh này đã có trong trường, xin dùng mã khác."),
            Error::PupilEnrolled => Self::precondition(OWN, "PUPIL_ENROLLED")
                .vi("Học sinh đã có lớp trong năm học này; muốn đổi lớp xin ghi chuyển lớp."),
            Error::PupilLeft => Self::precondition(OWN, "PUPIL_LEFT")
                .vi("Học sinh đã thôi học hoặc chuyển trường; xin ghi trở lại trước."),
            Error::PupilNotLeft => {
                Self::precondition(OWN, "PUPIL_NOT_LEFT").vi("Học sinh đang học, không có gì để ghi trở lại.")
            }
            Error::GradeDiffers => Self::precondition(OWN, "GRADE_DIFFERS")
                .vi("Lớp này không đúng khối của học sinh, xin chọn lớp cùng khối."),
            Error::AbsencesByMonth => Self::precondition(OWN, "ABSENCES_BY_MONTH")
                .vi("Ngày nghỉ của học sinh được ghi theo tháng; xin sửa ở tháng có sai sót."),
            Error::ChecklistIncomplete(items) => items.into_iter().fold(
                Self::precondition(OWN, "CHECKLIST_INCOMPLETE").vi("Việc của tháng chưa xong, xin làm nốt."),
                |failure, item| failure.violation(item, "Chưa xong."),
            ),
            Error::ChecklistEarly => Self::precondition(OWN, "CHECKLIST_EARLY")
                .vi("Tháng chưa hết, xin hoàn thành từ ngày cuối tháng."),
            Error::ChecklistDone => {
                Self::precondition(OWN, "CHECKLIST_DONE").vi("Việc của tháng này đã được hoàn thành.")
            }
            Error::FindingUnknown => {
                Self::not_found(OWN, "FINDING_UNKNOWN").vi("Lớp này không có ghi nhận kiểm tra này.")
            }
            Error::FindingSettled => {
                Self::precondition(OWN, "FINDING_SETTLED").vi("Ghi nhận kiểm tra này đã được xử lí.")
            }
            Error::SheetUnknown => Self::not_found(OWN, "SHEET_UNKNOWN").vi("Không có bảng điểm này."),
            Error::SheetComplete => Self::precondition(OWN, "SHEET_COMPLETE")
                .vi("Bảng điểm đã chốt đủ. Muốn sửa xin lập hồ sơ sửa điểm."),
            Error::SheetIncomplete(cells) => cells.into_iter().fold(
                Self::precondition(OWN, "SHEET_INCOMPLETE").vi("Bảng điểm còn ô trống, xin nhập đủ."),
                |failure, (pupil, item)| failure.violation(format!("{pupil}/{item}"), "Chưa nhập."),
            ),
            Error::RosterEmpty => Self::precondition(OWN, "ROSTER_EMPTY").vi("Lớp chưa có học sinh."),
            Error::SessionElsewhere => Self::precondition(OWN, "SESSION_ELSEWHERE")
                .vi("Người khác đang nhập bảng này; phiên của họ phải kết thúc trước."),
            Error::SessionUnknown => Self::not_found(OWN, "SESSION_UNKNOWN").vi("Không có phiên nhập này."),
            Error::SessionOver => {
                Self::precondition(OWN, "SESSION_OVER").vi("Phiên nhập đã kết thúc, các ô đã điền được chốt.")
            }
            Error::SessionHeld => Self::precondition(OWN, "SESSION_HELD")
                .vi("Bảng điểm có bản nháp của tài khoản bị tạm khoá, chờ hiệu trưởng xét."),
            Error::SessionNotHeld => {
                Self::precondition(OWN, "SESSION_NOT_HELD").vi("Phiên nhập này không chờ hiệu trưởng xét.")
            }
            Error::ExemptionUnknown => {
                Self::not_found(OWN, "EXEMPTION_UNKNOWN").vi("Không có quyết định miễn này.")
            }
            Error::ExemptionOver => {
                Self::precondition(OWN, "EXEMPTION_OVER").vi("Quyết định miễn này đã chấm dứt.")
            }
            Error::ReassessmentUnlawful(what) => Self::precondition(OWN, "REASSESSMENT_UNLAWFUL")
                .meta("what", what)
                .vi(match what {
                    "untested" => "Thời điểm này môn không có bài kiểm tra nên không kiểm tra lại được.",
                    "period" => "Đánh giá bổ sung chỉ dành cho kết quả cuối năm.",
                    "completed" => "Học sinh đã hoàn thành chương trình lớp học, không cần đánh giá bổ sung.",
                    _ => "Ô này đang được mở cho một lần đánh giá khác.",
                }),
            Error::ReassessmentUnknown => {
                Self::not_found(OWN, "REASSESSMENT_UNKNOWN").vi("Không có đề nghị đánh giá lại này.")
            }
            Error::ReassessmentDecided => {
                Self::precondition(OWN, "REASSESSMENT_DECIDED").vi("Đề nghị này đã được quyết định.")
            }
            Error::AwardUnknown => {
                Self::invalid(OWN, "AWARD_UNKNOWN").vi("Quy định đánh giá không có danh hiệu này.")
            }
            Error::NotACandidate => Self::precondition(OWN, "NOT_A_CANDIDATE")
                .vi("Kết quả đã xác nhận của học sinh không thuộc diện xét danh hiệu này."),
            Error::AwardGiven => Self::precondition(OWN, "AWARD_GIVEN").vi("Học sinh đã có danh hiệu này."),
            Error::NothingToCheck => Self::precondition(OWN, "NOTHING_TO_CHECK")
                .vi("Chưa có điểm kiểm tra nào được chốt để rút mẫu."),
            Error::SpotCheckUnknown => {
                Self::not_found(OWN, "SPOT_CHECK_UNKNOWN").vi("Không có đợt kiểm tra xác suất này.")
            }
            Error::TemplateUnknown => {
                Self::not_found(OWN, "TEMPLATE_UNKNOWN").vi("Không có mẫu nhận xét này.")
            }
            Error::ReceiptUnknown => Self::not_found(OWN, "RECEIPT_UNKNOWN").vi("Không có biên nhận này."),
            Error::CellsNotSealed(count) => Self::precondition(OWN, "CELLS_NOT_SEALED")
                .meta("count", count)
                .vi(format!("Còn {count} ô cuối năm chưa chốt.")),
            Error::ResultsNotConfirmed(count) => Self::precondition(OWN, "RESULTS_NOT_CONFIRMED")
                .meta("count", count)
                .vi(format!(
                    "Còn {count} học sinh chưa xác nhận kết quả năm học hoặc chưa xét lên lớp."
                )),
            Error::CellUnknown(cell) => Self::not_found(OWN, "CELL_UNKNOWN")
                .meta("cell", cell)
                .vi("Không có ô điểm này."),
            Error::PermitInvalid(what) => Self::precondition(OWN, "PERMIT_INVALID")
                .meta("what", what)
                .vi("Hồ sơ sửa điểm chưa đủ điều kiện để sửa."),
            Error::PermitUsed => Self::precondition(OWN, "PERMIT_USED").vi("Hồ sơ này đã được sửa rồi."),
            Error::CellChanged => {
                Self::aborted(OWN, "CELL_CHANGED").vi("Ô điểm đã đổi từ khi lập hồ sơ, xin lập hồ sơ mới.")
            }
            Error::SheetChoiceMissing(open) => open.into_iter().fold(
                Self::precondition(OWN, "IMPORT_CHOICE_MISSING").vi("Còn mục phải chọn trước khi ghi."),
                |failure, (finding, words)| failure.violation(finding, words),
            ),
            Error::SheetFileOther(sheet) => Self::invalid(OWN, "SHEET_FILE_OTHER")
                .meta("sheet", sheet)
                .vi("Tệp là mẫu của bảng điểm khác (lớp, môn hoặc thời điểm khác): tải mẫu của bảng này."),
            Error::SheetFileStale(what) => Self::precondition(OWN, "SHEET_FILE_STALE")
                .meta("what", what)
                .vi("Danh sách lớp hoặc các ô đã chốt đã thay đổi từ khi tải mẫu: tải mẫu mới rồi điền."),
            Error::PromotionUndecided(pupils) => pupils.into_iter().fold(
                Self::precondition(OWN, "PROMOTION_UNDECIDED")
                    .vi("Còn học sinh chưa xét lên lớp: xét xong rồi mới chuyển năm học."),
                |failure, (pupil, class)| failure.violation(pupil, format!("Lớp {class}: chưa xét lên lớp.")),
            ),
            Error::RollOverUnknown => {
                Self::not_found(OWN, "ROLL_OVER_UNKNOWN").vi("Chưa có bản dự kiến chuyển năm học.")
            }
            Error::RollOverExists => Self::precondition(OWN, "ROLL_OVER_EXISTS")
                .vi("Đã có bản dự kiến chuyển năm học: sửa bản đó, hoặc bỏ đi rồi lập lại."),
            Error::RollOverConfirmed => Self::precondition(OWN, "ROLL_OVER_CONFIRMED")
                .vi("Việc chuyển năm học đã được xác nhận, không đổi được nữa."),
            Error::RollOverStale => Self::aborted(OWN, "ROLL_OVER_STALE")
                .vi("Danh sách lớp hoặc quyết định lên lớp đã thay đổi: bỏ bản dự kiến rồi lập lại."),
            Error::RollOverIncomplete(problems) => problems.into_iter().fold(
                Self::precondition(OWN, "ROLL_OVER_INCOMPLETE").vi("Bản dự kiến còn chỗ phải sửa."),
                |failure, (subject, words)| failure.violation(subject, words),
            ),
            Error::SequenceUnknown(newest) => Self::new(Code::OutOfRange, OWN, "SEQUENCE_UNKNOWN")
                .meta("newest", newest)
                .vi("Dòng thay đổi chưa đến số này (dữ liệu đã được phục hồi), xin đọc lại từ đầu."),
            Error::PlaceInvalid(units) => place_invalid(&units),
            Error::PlaceRows(rows) => {
                /// An answer's details travel in its trailers, which are small.
                const TOLD: usize = 40;
                let count = rows.len();
                rows.into_iter().take(TOLD).fold(
                    Self::invalid(OWN, "PLACE_ROWS_INVALID")
                        .meta("count", count)
                        .vi(format!(
                            "Tệp có {count} dòng chưa đúng, chưa ghi dòng nào: xin sửa rồi nạp lại."
                        )),
                    |failure, row| failure.violation(format!("rows[{}]", row.row), row.words),
                )
            }
            Error::EtagMismatch => {
                Self::aborted(SHARED, "ETAG_MISMATCH").vi("Dữ liệu đã được người khác sửa, xin tải lại.")
            }
            Error::Damaged(what) => Self::internal(format!("the database holds what it must not: {what}")),
            Error::Fence(error) => error.into(),
            Error::Shared(failure) => *failure,
        }
    }
}

/// Every unit that is none is told to people; programs get the facts of the first.
fn place_invalid(units: &[(&'static str, Unfit)]) -> Failure {
    let mut failure = Failure::invalid(OWN, "PLACE_INVALID")
        .vi("Có đơn vị hành chính không có hiệu lực vào ngày cần ghi, xin chọn lại.");
    if let Some((field, unfit)) = units.first() {
        failure = failure
            .meta("field", field)
            .meta("code", &unfit.code)
            .meta("day", format_day(unfit.day));
        if let Some(place) = &unfit.place {
            failure = failure.meta("valid_from", format_day(place.valid_from));
            if let Some(last) = place.valid_to {
                failure = failure.meta("valid_to", format_day(last));
            }
        }
        if let Some(next) = &unfit.successor {
            failure = failure.meta("successor", &next.code);
        }
    }
    let told = units.iter().map(|(field, unfit)| (*field, unfit.words()));
    told.fold(failure, |failure, (field, words)| failure.violation(field, words))
}
