-- Filled templates of mark sheets as they were read (A4.1). Values and ids only, as in drafts: no name.

create table mark_sheet_import (
    school_id    text        not null,
    import_id    uuid        not null,
    session_id   uuid        not null,
    file_digest  bytea       not null,
    -- What the sheet was when the file was read: another one at the commit means reading again.
    sheet_digest bytea       not null,
    -- Cells and findings as the model's JSON.
    plan         jsonb       not null,
    created_by   uuid        not null,
    created_at   timestamptz not null,
    committed_at timestamptz,
    constraint mark_sheet_import_pk primary key (school_id, import_id),
    constraint mark_sheet_import_session foreign key (school_id, session_id) references entry_session
);

do $$
declare
    service text := current_setting('hocba.service_role');
begin
    alter table mark_sheet_import enable row level security;
    alter table mark_sheet_import force row level security;
    create policy mark_sheet_import_school on mark_sheet_import
        using (school_id = hocba_school()) with check (school_id = hocba_school());
    execute format('grant select, insert, update (committed_at) on mark_sheet_import to %I', service);
end $$;
