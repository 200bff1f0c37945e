//! Wire to model and back; decides nothing.

mod absence;
mod award;
mod change;
mod checklist;
mod class;
mod class_finding;
mod comment_template;
mod completeness;
mod district_read;
mod draft;
mod elective;
mod enrolment;
mod entry_session;
mod exemption;
mod held_session;
mod internal;
mod mark_file;
mod mark_sheet;
mod movement;
mod name;
mod place;
mod pupil;
mod pupil_import;
mod reassessment;
mod roll_over;
mod school_year;
mod spot_check;
mod summary;
mod task;
mod year_result;

use std::sync::Arc;

use futures::stream::BoxStream;
use hocba_proto::records as wire;
use tonic::{Request, Response, Status};

use crate::state::State;

pub use internal::Internal;

/// Answers `hocba.records.v1.RecordsService`.
#[derive(Debug, Clone)]
pub struct Server(pub Arc<State>);

/// An answer.
pub(crate) type Answer<T> = Result<Response<T>, Status>;

macro_rules! serve {
    (
        streams { $($watch:ident :: $follow:ident ( $from:ident ) -> $news:ident as $stream:ident;)* }
        $($module:ident :: $method:ident ( $request:ident ) -> $answer:ident;)*
    ) => {
        #[tonic::async_trait]
        impl wire::records_service_server::RecordsService for Server {
            $(
                type $stream = BoxStream<'static, Result<wire::$news, Status>>;

                async fn $follow(&self, request: Request<wire::$from>) -> Answer<Self::$stream> {
                    $watch::$follow(&self.0, request).await
                }
            )*
            $(async fn $method(&self, request: Request<wire::$request>) -> Answer<wire::$answer> {
                $module::$method(&self.0, request).await
            })*
        }
    };
}

serve! {
    streams {
        change::watch_changes(WatchChangesRequest) -> WatchChangesResponse as WatchChangesStream;
        completeness::watch_completeness(WatchCompletenessRequest) -> WatchCompletenessResponse
            as WatchCompletenessStream;
    }
    change::list_changes(ListChangesRequest) -> ListChangesResponse;
    completeness::get_district_overview(GetDistrictOverviewRequest) -> GetDistrictOverviewResponse;
    task::list_tasks(ListTasksRequest) -> ListTasksResponse;
    school_year::create_school_year(CreateSchoolYearRequest) -> SchoolYear;
    school_year::get_school_year(GetSchoolYearRequest) -> SchoolYear;
    school_year::update_calendar(UpdateCalendarRequest) -> SchoolYear;
    class::batch_create_classes(BatchCreateClassesRequest) -> BatchCreateClassesResponse;
    class::list_classes(ListClassesRequest) -> ListClassesResponse;
    class::batch_create_teaching_assignments(BatchCreateTeachingAssignmentsRequest)
        -> BatchCreateTeachingAssignmentsResponse;
    class::list_teaching_assignments(ListTeachingAssignmentsRequest) -> ListTeachingAssignmentsResponse;
    pupil_import::preview_pupil_import(PreviewPupilImportRequest) -> PupilImport;
    pupil_import::get_pupil_import(GetPupilImportRequest) -> PupilImport;
    pupil_import::commit_pupil_import(CommitPupilImportRequest) -> PupilImport;
    pupil::list_pupils(ListPupilsRequest) -> ListPupilsResponse;
    pupil::get_pupil(GetPupilRequest) -> Pupil;
    pupil::look_up_pupil(LookUpPupilRequest) -> Pupil;
    pupil::create_pupil(CreatePupilRequest) -> Pupil;
    pupil::update_pupil(UpdatePupilRequest) -> Pupil;
    pupil::list_incomplete_pupils(ListIncompletePupilsRequest) -> ListIncompletePupilsResponse;
    pupil::list_study_years(ListStudyYearsRequest) -> ListStudyYearsResponse;
    district_read::read_pupil_with_reason(ReadPupilWithReasonRequest) -> Pupil;
    district_read::list_district_reads(ListDistrictReadsRequest) -> ListDistrictReadsResponse;
    mark_sheet::list_mark_sheets(ListMarkSheetsRequest) -> ListMarkSheetsResponse;
    mark_sheet::get_mark_sheet(GetMarkSheetRequest) -> MarkSheet;
    entry_session::open_entry_session(OpenEntrySessionRequest) -> EntrySession;
    entry_session::list_entry_sessions(ListEntrySessionsRequest) -> ListEntrySessionsResponse;
    draft::save_drafts(SaveDraftsRequest) -> SaveDraftsResponse;
    entry_session::finish_entry_session(FinishEntrySessionRequest) -> Receipt;
    entry_session::leave_entry_session(LeaveEntrySessionRequest) -> LeaveEntrySessionResponse;
    held_session::list_held_sessions(ListHeldSessionsRequest) -> ListHeldSessionsResponse;
    held_session::judge_held_session(JudgeHeldSessionRequest) -> JudgeHeldSessionResponse;
    exemption::create_exemption(CreateExemptionRequest) -> Exemption;
    exemption::end_exemption(EndExemptionRequest) -> Exemption;
    exemption::list_exemptions(ListExemptionsRequest) -> ListExemptionsResponse;
    elective::update_elective(UpdateElectiveRequest) -> Elective;
    elective::list_electives(ListElectivesRequest) -> ListElectivesResponse;
    reassessment::propose_reassessment(ProposeReassessmentRequest) -> Reassessment;
    reassessment::decide_reassessment(DecideReassessmentRequest) -> Reassessment;
    reassessment::list_reassessments(ListReassessmentsRequest) -> ListReassessmentsResponse;
    reassessment::list_cell_versions(ListCellVersionsRequest) -> ListCellVersionsResponse;
    comment_template::save_comment_template(SaveCommentTemplateRequest) -> CommentTemplate;
    comment_template::delete_comment_template(DeleteCommentTemplateRequest) -> DeleteCommentTemplateResponse;
    comment_template::list_comment_templates(ListCommentTemplatesRequest) -> ListCommentTemplatesResponse;
    spot_check::create_spot_check(CreateSpotCheckRequest) -> SpotCheck;
    spot_check::get_spot_check(GetSpotCheckRequest) -> SpotCheck;
    spot_check::list_spot_checks(ListSpotChecksRequest) -> ListSpotChecksResponse;
    spot_check::record_spot_check_findings(RecordSpotCheckFindingsRequest) -> SpotCheck;
    spot_check::list_spot_check_tasks(ListSpotCheckTasksRequest) -> ListSpotCheckTasksResponse;
    award::give_award(GiveAwardRequest) -> Award;
    award::list_awards(ListAwardsRequest) -> ListAwardsResponse;
    entry_session::get_receipt(GetReceiptRequest) -> Receipt;
    mark_sheet::verify_seals(VerifySealsRequest) -> VerifySealsResponse;
    mark_file::export_mark_sheet_template(ExportMarkSheetTemplateRequest) -> Workbook;
    mark_file::preview_mark_sheet_import(PreviewMarkSheetImportRequest) -> MarkSheetImport;
    mark_file::commit_mark_sheet_import(CommitMarkSheetImportRequest) -> CommitMarkSheetImportResponse;
    roll_over::preview_roll_over(PreviewRollOverRequest) -> RollOver;
    roll_over::get_roll_over(GetRollOverRequest) -> RollOver;
    roll_over::update_roll_over(UpdateRollOverRequest) -> RollOver;
    roll_over::discard_roll_over(DiscardRollOverRequest) -> DiscardRollOverResponse;
    roll_over::confirm_roll_over(ConfirmRollOverRequest) -> RollOver;
    summary::export_class_summary(ExportClassSummaryRequest) -> Workbook;
    summary::export_completeness(ExportCompletenessRequest) -> Workbook;
    enrolment::update_enrolment(UpdateEnrolmentRequest) -> Enrolment;
    movement::record_movement(RecordMovementRequest) -> Movement;
    movement::list_movements(ListMovementsRequest) -> ListMovementsResponse;
    absence::record_absences(RecordAbsencesRequest) -> RecordAbsencesResponse;
    absence::list_absences(ListAbsencesRequest) -> ListAbsencesResponse;
    checklist::list_monthly_checklists(ListMonthlyChecklistsRequest) -> ListMonthlyChecklistsResponse;
    checklist::complete_monthly_checklist(CompleteMonthlyChecklistRequest) -> MonthlyChecklist;
    class_finding::create_class_finding(CreateClassFindingRequest) -> ClassFinding;
    class_finding::settle_class_finding(SettleClassFindingRequest) -> ClassFinding;
    class_finding::list_class_findings(ListClassFindingsRequest) -> ListClassFindingsResponse;
    year_result::list_year_results(ListYearResultsRequest) -> ListYearResultsResponse;
    year_result::confirm_year_results(ConfirmYearResultsRequest) -> ConfirmYearResultsResponse;
    year_result::decide_promotions(DecidePromotionsRequest) -> DecidePromotionsResponse;
    place::import_places(ImportPlacesRequest) -> ImportPlacesResponse;
    place::list_places(ListPlacesRequest) -> ListPlacesResponse;
}
