-- Nobody looks cells up by class: a cell belongs to the pupil. While a table is young the planner knows no better than to
-- take any index that begins like the key, and a plan once made stays with its connection: sealing then read every cell
-- of the period for every draft (213 million rows for one school's year).
drop index sealed_cell_of_class;
