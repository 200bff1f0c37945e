-- The comment bank, awards that people decide on, and spot checks (A4.2c).

create table comment_template (
    school_id   text not null,
    template_id uuid not null,
    -- Null: the school's.
    owner       uuid,
    code        text not null,
    text        text not null,
    constraint comment_template_pk primary key (school_id, template_id),
    constraint comment_template_code check (code ~ '^[a-z0-9-]{1,30}$'),
    constraint comment_template_unique unique nulls not distinct (school_id, owner, code)
);

create table award (
    school_id  text        not null,
    year_id    text        not null,
    award_id   uuid        not null,
    pupil_id   uuid        not null,
    code       text        not null,
    -- As printed, frozen.
    name       text        not null,
    -- The results it is printed with; empty: with any.
    results    text[]      not null,
    reason     text        not null,
    given_by   uuid        not null,
    given_at   timestamptz not null,
    constraint award_pk primary key (school_id, year_id, award_id),
    constraint award_year foreign key (school_id, year_id) references school_year,
    constraint award_pupil foreign key (school_id, pupil_id) references pupil
);
-- What belongs to a result is given once; awards at any time are as many as there are reasons.
create unique index award_once on award (school_id, year_id, pupil_id, code) where cardinality(results) > 0;

create table spot_check (
    school_id        text        not null,
    year_id          text        not null,
    spot_check_id    uuid        not null,
    period           text        not null,
    classes          text[]      not null,
    size             int         not null,
    seed             text        not null,
    population_count int         not null,
    created_by       uuid        not null,
    created_at       timestamptz not null,
    constraint spot_check_pk primary key (school_id, year_id, spot_check_id),
    constraint spot_check_year foreign key (school_id, year_id) references school_year
);

create table spot_check_item (
    school_id     text     not null,
    year_id       text     not null,
    spot_check_id uuid     not null,
    number        int      not null,
    class_id      text     not null,
    pupil_id      uuid     not null,
    item          text     not null collate "C",
    period        text     not null,
    version       int      not null,
    score         smallint not null,
    digest        bytea    not null,
    constraint spot_check_item_pk primary key (school_id, year_id, spot_check_id, number),
    constraint spot_check_item_of foreign key (school_id, year_id, spot_check_id) references spot_check,
    constraint spot_check_item_cell foreign key (school_id, year_id, pupil_id, item, period, version)
        references sealed_cell
);

create table spot_check_finding (
    school_id     text        not null,
    year_id       text        not null,
    spot_check_id uuid        not null,
    number        int         not null,
    version       int         not null,
    verdict       text        not null,
    paper_score   smallint,
    note          text        not null,
    found_by      uuid        not null,
    found_at      timestamptz not null,
    constraint spot_check_finding_pk primary key (school_id, year_id, spot_check_id, number, version),
    constraint spot_check_finding_of foreign key (school_id, year_id, spot_check_id, number)
        references spot_check_item,
    constraint spot_check_finding_verdict check (verdict in ('agrees', 'differs', 'no_paper'))
);

do $$
declare
    service text := current_setting('hocba.service_role');
    guarded text;
begin
    foreach guarded in array array[
        'comment_template', 'award', 'spot_check', 'spot_check_item', 'spot_check_finding'
    ] loop
        execute format('alter table %I enable row level security', guarded);
        execute format('alter table %I force row level security', guarded);
        execute format('create policy %I on %I using (school_id = hocba_school()) with check (school_id = hocba_school())',
            guarded || '_school', guarded);
    end loop;
    execute format('grant select, insert, update (text), delete on comment_template to %I', service);
    execute format('grant select, insert on award, spot_check, spot_check_item, spot_check_finding to %I', service);
end $$;
