#include "libcore/io/html.h"

#include <string.h>

#include "tests/unit/check.h"

static struct ift_str out;

static const char *text_of(const char *html) {
    struct ift_err err = {0};
    ift_str_clear(&out);
    ift_str_adds(&out, "");
    CHECK_OK(ift_html_text(html, strlen(html), &out, &err), &err);
    return out.p;
}

static void test_is(void) {
    static const char *const yes[] = {"<p>", "x</div>", "a<br/>b", "<A HREF=\"x\">", "<h1 >"};
    static const char *const no[] = {"",   "a < b", "<eos>", "1<2>1", "<|user|>", "&amp;",
                                     "<p", "</>",   "<p",    "x<b",   "<pp>",     "List<int>"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (!ift_html_is(yes[i], strlen(yes[i]))) CHECK_STR(yes[i], "a tag");
    for (size_t i = 0; i < sizeof no / sizeof *no; i++)
        if (ift_html_is(no[i], strlen(no[i]))) CHECK_STR(no[i], "no tag");
    CHECK(!ift_html_is("<p\0>", 4)); /* of a name that goes on */
}

/* Tags that never end are looked at once each. */
static void test_open(void) {
    struct ift_str text = {0};
    for (int i = 0; i < 3000000; i++) ift_str_adds(&text, "<p ");
    CHECK(!ift_html_is(text.p, text.n));
    ift_str_release(&text);
}

static void test_text(void) {
    CHECK_STR(text_of("<p>One &amp; two</p>\n<p>three</p>"), "One & two\n\nthree");
    CHECK_STR(text_of("<div>a</div><div>b<br>c</div>"), "a\nb\nc");
    CHECK_STR(text_of("  a\n <b> b</b>  c<br>d "), "  a\n  b  c\nd ");
    CHECK_STR(text_of("<div>  a\n <b> b</b>  c </div>"), "a b c");
    CHECK_STR(text_of("<div>x<pre>\n a\n  b</pre>y</div>"), "x\n a\n  b\ny");
    CHECK_STR(text_of("<ul><li>1<li>2</ul>end"), "1\n2\nend");
    CHECK_STR(text_of("<table><tr><td>a<td>b<tr><td>c<td>d</table>"), "a\tb\nc\td");
    CHECK_STR(text_of("a<!-- no --><script>no</script><style>no</style>b"), "ab");
    CHECK_STR(text_of("&lt;p&gt; &#20013;&copy; &nosuch; &"),
              "<p> \xe4\xb8\xad\xc2\xa9 &nosuch; &");
    CHECK_STR(text_of("<p>open <b>never closed"), "open never closed");
    CHECK_STR(text_of("<p></p><p></p>"), "");
    CHECK_STR(text_of("</br>x</br>"), "\nx\n");
}

/* A tree as deep as it may be does not end the stack. */
static void test_deep(void) {
    struct ift_str html = {0};
    struct ift_err err = {0};
    for (int i = 0; i < 20000; i++) ift_str_adds(&html, "<div>");
    ift_str_adds(&html, "x");
    ift_str_clear(&out);
    CHECK_OK(ift_html_text(html.p, html.n, &out, &err), &err);
    CHECK_STR(out.p, "x");
    ift_str_adds(&html, "<b>");
    CHECK_INT(ift_html_text(html.p, html.n, &out, &err), -1);
    ift_str_release(&html);
}

int main(void) {
    test_is();
    test_open();
    test_text();
    test_deep();
    ift_str_release(&out);
    return check_done();
}
