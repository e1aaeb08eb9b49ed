/* Spreadsheets: what is in the XML of their parts comes out as rows, and what is wrong there is
 * said. */
#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <unistd.h>

#include "libcore/io/xlsx.h"
#include "tests/unit/check.h"

struct part {
    const char *name, *text;
};

#define TYPES "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
#define WORKBOOK                                                                                   \
    "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""                \
    " xmlns:r=\"" TYPES "\"><sheets><sheet name=\"One\" sheetId=\"1\" r:id=\"a\"/>"                \
    "<sheet name=\"Chart\" sheetId=\"2\" r:id=\"b\"/><sheet name=\"&amp;\" sheetId=\"3\" "         \
    "r:id=\"c\"/>"                                                                                 \
    "</sheets></workbook>"
#define RELATIONS                                                                                  \
    "<Relationships><Relationship Id=\"c\" Type=\"" TYPES                                          \
    "/worksheet\" Target=\"/xl/other.xml\"/><Relationship Id=\"b\" Type=\"" TYPES                  \
    "/chartsheet\" Target=\"c.xml\"/><Relationship Id=\"a\" Type=\"" TYPES                         \
    "/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
#define STRINGS                                                                                    \
    "<sst><si><t>first</t></si><si><r><t xml:space=\"preserve\">a </t></r><r><t>b</t></r>"         \
    "<rPh sb=\"0\" eb=\"1\"><t>reading</t></rPh></si><si/><si><t>_x0041__x005F_x0041_ _xZZZZ_ "    \
    "_xD800_ _x00e9_</t></si></sst>"
#define SHEET(rows) "<worksheet><sheetData>" rows "</sheetData></worksheet>"

/* A zip of parts in a file without a name; deflated, as they are. */
static int write_zip(const struct part *part, size_t n) {
    char path[] = "/tmp/ift-XXXXXX";
    const int fd = mkstemp(path);
    unlink(path);
    struct archive *const a = archive_write_new();
    archive_write_set_format_zip(a);
    archive_write_open_fd(a, fd);
    for (size_t i = 0; i < n; i++) {
        struct archive_entry *const e = archive_entry_new();
        archive_entry_set_pathname(e, part[i].name);
        archive_entry_set_size(e, (la_int64_t)strlen(part[i].text));
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_perm(e, 0644);
        archive_write_header(a, e);
        CHECK(archive_write_data(a, part[i].text, strlen(part[i].text)) >= 0);
        archive_entry_free(e);
    }
    archive_write_close(a);
    archive_write_free(a);
    return fd;
}

/* All rows of all sheets: "One 1[a|b] 3[|c]"; or the message. */
static void read_all(int fd, struct ift_str *out) {
    struct ift_xlsx *x = NULL;
    struct ift_err err = {0};
    const char *name;
    int got = ift_xlsx_open_take(&x, fd, &err);
    while (got >= 0 && (got = ift_xlsx_next_sheet(x, &name, &err)) > 0) {
        struct ift_csv_row row;
        ift_str_addf(out, "%s%s", out->n ? " " : "", name);
        while ((got = ift_xlsx_next(x, &row, &err)) > 0) {
            ift_str_addf(out, " %zu[", row.line);
            for (size_t i = 0; i < row.n; i++)
                ift_str_addf(out, "%s%.*s", i ? "|" : "", (int)row.field[i].n, row.field[i].p);
            ift_str_addc(out, ']');
        }
        if (got < 0) break;
    }
    ift_xlsx_free(x);
    if (got < 0) {
        ift_str_clear(out);
        ift_str_adds(out, err.text);
    }
}

static void check_parts(const struct part *part, size_t n, const char *want) {
    struct ift_str out = {0};
    read_all(write_zip(part, n), &out);
    CHECK_STR(ift_str_slice(&out).p, want);
    ift_str_release(&out);
}

/* A workbook whose first sheet is that text. */
static void check_sheet(const char *sheet, const char *want) {
    const struct part part[] = {{"xl/worksheets/sheet1.xml", sheet},
                                {"xl/other.xml", SHEET("")},
                                {"xl/workbook.xml", WORKBOOK},
                                {"xl/sharedStrings.xml", STRINGS},
                                {"xl/_rels/workbook.xml.rels", RELATIONS}};
    check_parts(part, sizeof part / sizeof *part, want);
}

static void test_cells(void) {
    check_sheet(
        SHEET(
            "<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"C1\" t=\"s\"><v>1</v></c></row>"),
        "One 1[first||a b] &");
    check_sheet(SHEET("<row><c t=\"s\"><v>3</v></c><c><v>1.50</v></c><c t=\"b\"><v>1</v></c>"
                      "<c t=\"b\"><v>0</v></c><c t=\"e\"><v>#REF!</v></c></row>"),
                "One 1[A_x0041_ _xZZZZ_ _xD800_ \u00e9|1.50|TRUE|FALSE|#REF!] &");
    check_sheet(SHEET("<row r=\"2\"><c r=\"B2\" t=\"inlineStr\"><is><t>in</t><r><t> "
                      "line</t></r><rPh><t>no</t></rPh></is></c>"
                      "<c t=\"str\"><f>A1&amp;1</f><v>of a &lt;formula&gt;</v></c></row>"),
                "One 2[|in line|of a <formula>] &");
    check_sheet(SHEET(
                    "<row r=\"3\"><c r=\"A3\"/><c r=\"B3\" t=\"s\"><v>2</v></c></row><row r=\"4\"/>"
                    "<row r=\"9\"><c r=\"XFD9\" s=\"1\"/><c/></row>"),
                "row 9: the cell behind column 16384 is called \"\"");
    check_sheet(SHEET(
                    "<row r=\"3\"><c r=\"A3\"/><c r=\"B3\" t=\"s\"><v>2</v></c></row><row r=\"4\"/>"
                    "<row><c><v> 7 </v></c></row>"),
                "One 5[ 7 ] &");
    check_sheet(
        "<x:worksheet xmlns:x=\"http://purl.oclc.org/ooxml/spreadsheetml/main\"><x:sheetData>"
        "<x:row r=\"1\"><x:c r=\"A1\"><x:v>strict</x:v></x:c></x:row></x:sheetData></x:worksheet>",
        "One 1[strict] &");
}

static void test_wrong(void) {
    check_sheet(SHEET("<row r=\"1\"><c t=\"s\"><v>4</v></c></row>"),
                "row 1: column 1: no shared string 4");
    check_sheet(SHEET("<row r=\"1\"><c t=\"s\"><v>-1</v></c></row>"),
                "row 1: column 1: no shared string -1");
    check_sheet(SHEET("<row r=\"1\"><c r=\"B1\"/><c r=\"A1\"/></row>"),
                "row 1: the cell behind column 2 is called \"A1\"");
    check_sheet(SHEET("<row r=\"1\"><c r=\"XFE1\"/></row>"),
                "row 1: the cell behind column 0 is called \"XFE1\"");
    check_sheet(SHEET("<row r=\"1\"><c r=\"AAAAAAAAAAAAAAAAAAAAAAAA1\"/></row>"),
                "row 1: the cell behind column 0 is called \"AAAAAAAAAAAAAAAAAAAAAAAA1\"");
    check_sheet(SHEET("<row r=\"2\"/><row r=\"2\"/>"),
                "row 2: followed by one that is called \"2\"");
    check_sheet(SHEET("<row r=\"x\"/>"), "row 0: followed by one that is called \"x\"");
    check_sheet("<worksheet><sheetData>", "xl/worksheets/sheet1.xml:1: no element found");
    check_sheet("", "xl/worksheets/sheet1.xml:1: no element found");
    check_sheet("<worksheet>\n<row></worksheet>", "xl/worksheets/sheet1.xml:2: mismatched tag");
    check_sheet("<!DOCTYPE w [<!ENTITY a \"b\">]><worksheet>&a;</worksheet>",
                "a document type, which a spreadsheet has not");
    const struct part none[] = {{"[Content_Types].xml", "<Types/>"}, {"word/document.xml", "<d/>"}};
    check_parts(none, 2, "an Office package, but no spreadsheet that is known here");
    const struct part book[] = {{"xl/workbook.xml", WORKBOOK},
                                {"xl/_rels/workbook.xml.rels", RELATIONS}};
    check_parts(book, 1, "there is no xl/_rels/workbook.xml.rels in it");
    check_parts(book, 2, "there is no xl/worksheets/sheet1.xml in it");
    const struct part nameless[] = {
        {"xl/workbook.xml", "<workbook><sheets><sheet/></sheets></workbook>"}};
    check_parts(nameless, 1, "the workbook has a sheet without a name or a place");
}

/* Rows that begin in one block of the file and end in another. */
static void test_long(void) {
    struct ift_str sheet = {0}, want = {0};
    ift_str_adds(&sheet, "<worksheet><sheetData>");
    ift_str_adds(&want, "One");
    for (int r = 1; r <= 3000; r++) {
        ift_str_addf(
            &sheet,
            "<row r=\"%d\"><c><v>%d</v></c><c t=\"s\"><v>1</v></c><c t=\"inlineStr\"><is><t>", r,
            r);
        ift_str_addf(&want, " %d[%d|a b|", r, r);
        for (int k = 0; k < r % 50; k++) {
            ift_str_addf(&sheet, "%d,", k);
            ift_str_addf(&want, "%d,", k);
        }
        ift_str_addf(&sheet, "%s</t></is></c></row>", r == 1500 ? "." : "");
        if (r == 1500) ift_str_addc(&want, '.');
        if (r % 50 == 0 && r != 1500) want.n--; /* an empty cell at the end */
        ift_str_addc(&want, ']');
    }
    ift_str_adds(&sheet, "</sheetData></worksheet>");
    ift_str_adds(&want, " &");
    check_sheet(sheet.p, want.p);
    ift_str_release(&sheet);
    ift_str_release(&want);
}

int main(void) {
    CHECK(
        ift_xlsx_begins("PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0xl/workbook.xml",
                        45));
    CHECK(!ift_xlsx_begins(
        "PK\3\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0xl/train.jsonl!", 45));
    CHECK(!ift_xlsx_begins("PK\3\4", 4));
    test_cells();
    test_wrong();
    test_long();
    return check_done();
}
