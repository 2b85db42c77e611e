//! The tables of a Markdown document, each with the headings above it.
//!
//! Not a Markdown parser: a table is a run of lines between two bars, a heading a line of `##`.

/// One table.
#[derive(Debug)]
pub(crate) struct Table {
    /// The `##` heading above it.
    pub(crate) section: String,
    /// The `###` heading above it, if there is one.
    pub(crate) heading: String,
    /// Its first row.
    pub(crate) columns: Vec<String>,
    /// Its other rows.
    pub(crate) rows: Vec<Vec<String>>,
}

/// Every table of `text`, in order.
pub(crate) fn tables(text: &str) -> Vec<Table> {
    let mut tables: Vec<Table> = Vec::new();
    let (mut section, mut heading) = (String::new(), String::new());
    let mut is_inside = false;
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            section = title.to_owned();
            heading.clear();
        }
        if let Some(title) = line.strip_prefix("### ") {
            title.clone_into(&mut heading);
        }
        let Some(row) = cells(line) else {
            is_inside = false;
            continue;
        };
        match tables.last_mut() {
            Some(table) if is_inside => table.rows.push(row),
            _ => tables.push(Table {
                section: section.clone(),
                heading: heading.clone(),
                columns: row,
                rows: Vec::new(),
            }),
        }
        is_inside = true;
    }
    for table in &mut tables {
        assert!(!table.rows.is_empty(), "a table needs a rule below its first row: {table:?}");
        table.rows.remove(0);
        let columns = table.columns.len();
        let odd = table.rows.iter().find(|row| row.len() != columns);
        assert!(odd.is_none(), "the row {odd:?} does not have {columns} cells");
    }
    tables
}

fn cells(line: &str) -> Option<Vec<String>> {
    let inner = line.strip_prefix('|')?.strip_suffix('|')?;
    Some(inner.split('|').map(|cell| cell.trim().to_owned()).collect())
}
