/* letters.h: in which scripts text is written: how many of its letters are Latin, Han, Cyrillic …
 *
 * A letter is a character of general category L; digits, punctuation, marks and symbols belong to
 * no script here. Which script it has is what the standard's Scripts.txt says, but for the long
 * vowel mark of Japanese, which it calls common and which we count with kana. This is a measure of
 * text, not a guess at its language: French and Vietnamese are both Latin, and a program is Latin
 * too.
 *
 * To add a script: a value here, its name and its ranges in letters.c (tests/oracle/stats.py
 * --scripts prints the rows).
 */
#ifndef IFT_LETTERS_H
#define IFT_LETTERS_H

#include <stdint.h>

#include "libcore/base/str.h"

enum ift_letters {
    IFT_LETTERS_LATIN,
    IFT_LETTERS_GREEK,
    IFT_LETTERS_CYRILLIC,
    IFT_LETTERS_HEBREW,
    IFT_LETTERS_ARABIC,
    IFT_LETTERS_DEVANAGARI,
    IFT_LETTERS_BENGALI,
    IFT_LETTERS_TAMIL,
    IFT_LETTERS_TELUGU,
    IFT_LETTERS_THAI,
    IFT_LETTERS_HAN,
    IFT_LETTERS_KANA,
    IFT_LETTERS_HANGUL,
    IFT_LETTERS_OTHER, /* a letter of none of these */
    IFT_LETTERS_KINDS,
};

extern const char *const ift_letters_name[]; /* "Latin", …, "other" */

/* The script of a code point, IFT_LETTERS_KINDS when it is no letter. */
enum ift_letters ift_letters_of(uint32_t code);

/* The answers for every code point below U+10000, made once and shared by threads: 64 KiB, about a
 * millisecond. free() it. */
struct ift_letters_table {
    uint8_t of[0x10000];
};
struct ift_letters_table *ift_letters_table_new(void);

/* Adds to letters[] those of strict UTF-8 text and returns its characters.
 * letters[IFT_LETTERS_KINDS] counts what is no letter. About 10 GB/s on ASCII, 1 GB/s on other
 * text. */
uint64_t ift_letters_count(const struct ift_letters_table *table, const char *p, size_t n,
                           uint64_t letters[IFT_LETTERS_KINDS + 1]);

#endif
