-- The feed tells more kinds of things. Exemptions and electives say which cells a class needs: without them who follows
-- completeness would not look again.

alter table change drop constraint change_kind_known, add constraint change_kind_known check (kind in (
    'school_year', 'class', 'teaching_assignment', 'pupil', 'enrolment', 'mark_sheet.sealed', 'mark_sheet.corrected',
    'year_result', 'promotion', 'monthly_checklist', 'class_finding', 'spot_check', 'exemption', 'elective'));

-- As in 1131_change.sql, and: more parts of names.
create or replace function change_note() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
declare
    v_row jsonb := to_jsonb(new);
    v_name text := tg_argv[1];
    v_field text;
begin
    if tg_op = 'UPDATE' and old is not distinct from new then
        return null;
    end if;
    foreach v_field in array array['school_id', 'year_id', 'class_id', 'pupil_id', 'period', 'month', 'finding_id',
        'spot_check_id', 'exemption_id'] loop
        v_name := replace(v_name, '{' || v_field || '}', coalesce(v_row ->> v_field, ''));
    end loop;
    -- Codes of subjects stand in names in lower case.
    foreach v_field in array array['item', 'sheet'] loop
        v_name := replace(v_name, '{' || v_field || '}', lower(coalesce(v_row ->> v_field, '')));
    end loop;
    insert into change (school_id, kind, resource) values (new.school_id, tg_argv[0], v_name);
    return null;
end $$;

-- Two hundred papers compared at once are one change of their spot check.
create function spot_check_note() returns trigger
language plpgsql volatile security definer set search_path = public, pg_temp as $$
begin
    insert into change (school_id, kind, resource)
        select distinct school_id, 'spot_check',
            'schools/' || school_id || '/years/' || year_id || '/spotChecks/' || spot_check_id
        from found;
    return null;
end $$;

create trigger monthly_checklist_change after insert on monthly_checklist
    for each row execute function change_note('monthly_checklist',
        'schools/{school_id}/years/{year_id}/classes/{class_id}/checklists/{month}');
create trigger class_finding_change after insert or update on class_finding
    for each row execute function change_note('class_finding',
        'schools/{school_id}/years/{year_id}/classes/{class_id}/findings/{finding_id}');
create trigger spot_check_change after insert on spot_check
    for each row execute function change_note('spot_check',
        'schools/{school_id}/years/{year_id}/spotChecks/{spot_check_id}');
create trigger spot_check_finding_change after insert on spot_check_finding
    referencing new table as found for each statement execute function spot_check_note();
create trigger exemption_change after insert or update on exemption
    for each row execute function change_note('exemption',
        'schools/{school_id}/years/{year_id}/exemptions/{exemption_id}');
create trigger elective_change after insert or update on elective
    for each row execute function change_note('elective',
        'schools/{school_id}/years/{year_id}/classes/{class_id}/electives/{item}');

revoke execute on function spot_check_note() from public;
