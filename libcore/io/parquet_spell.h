/* parquet_spell.h: a value of a Parquet column as JSON.
 *
 *     text (STRING, ENUM, JSON), bytes     a string; bytes that are not UTF-8 are an error
 *     BOOLEAN, integers, DECIMAL           true, 17, 12.30: every digit
 *     FLOAT, DOUBLE, FLOAT16               the shortest number that reads back as the same value of
 *                                          its width, as Python writes it: 3.0, 0.1, 1e-07; null
 *                                          for NaN; an infinity is an error
 *     DATE, TIME, TIMESTAMP, INT96         ISO 8601: "2024-01-31", "09:30:00", and the two joined
 *                                          by T, with Z for an instant; as many digits after the
 *                                          second as it takes, 0, 3, 6 or 9
 *     UUID                                 "01234567-89ab-cdef-0123-456789abcdef"
 */
#ifndef IFT_PARQUET_SPELL_H
#define IFT_PARQUET_SPELL_H

#include "libcore/base/str.h"
#include "libcore/io/parquet_meta.h"

/* Appends the value whose bytes these are. Returns NULL, or what is wrong with it; what was
 * appended then shows it, but is no JSON. */
const char *ift_parquet_spell(struct ift_str *out, const struct ift_parquet_element *type,
                              struct ift_slice value);

#endif
