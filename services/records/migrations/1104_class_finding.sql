-- What the homeroom teacher found in the class's books, and how it was settled (A8.4). The words lie sealed: they name
-- pupils and marks.

create table class_finding (
    school_id  text        not null,
    year_id    text        not null,
    class_id   text        not null,
    finding_id uuid        not null,
    pupil_id   uuid,
    words      bytea       not null,
    raised_by  uuid        not null,
    raised_at  timestamptz not null,
    settlement bytea,
    settled_by uuid,
    settled_at timestamptz,
    constraint class_finding_pk primary key (school_id, finding_id),
    constraint class_finding_class foreign key (school_id, year_id, class_id) references class,
    constraint class_finding_pupil foreign key (school_id, pupil_id) references pupil,
    constraint class_finding_settled check (
        (settlement is null) = (settled_at is null) and (settled_by is null) = (settled_at is null))
);
create index class_finding_of_class on class_finding (school_id, year_id, class_id);

-- HB020: what was settled stays settled.
create trigger class_finding_never_changes before update or delete on class_finding
    for each row when (old.settled_at is not null) execute function sealed_never_changes();

do $$
declare
    service text := current_setting('hocba.service_role');
begin
    alter table class_finding enable row level security;
    alter table class_finding force row level security;
    create policy class_finding_school on class_finding
        using (school_id = hocba_school()) with check (school_id = hocba_school());
    execute format('grant select, insert, update (settlement, settled_by, settled_at) on class_finding to %I', service);
end $$;
