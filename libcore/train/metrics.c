#include "libcore/train/metrics.h"

#include "libcore/io/json.h"

/* `"key":value,` with as many digits as a float has. */
static void add(struct ift_str *line, const char *key, double value, int digits) {
    if (value - value != 0) { /* JSON knows neither infinity nor NaN */
        ift_str_addf(line, "\"%s\":null,", key);
        return;
    }
    ift_str_addf(line, "\"%s\":%.*g,", key, digits, value);
}

static void begin(struct ift_str *line, long long step, double epoch) {
    ift_str_addf(line, "{\"step\":%lld,", step);
    add(line, "epoch", epoch, 6);
}

static void end(struct ift_str *line) {
    line->p[line->n - 1] = '}'; /* over the last comma */
    ift_str_addc(line, '\n');
}

void ift_metrics_update(struct ift_str *line, long long step, double epoch, double lr,
                        const struct ift_update *u, const struct ift_metrics_time *time) {
    begin(line, step, epoch);
    add(line, "loss", u->loss, 9);
    add(line, "grad_norm", u->grad_norm, 9);
    ift_str_adds(line, "\"lr\":");
    ift_json_number(line, lr);
    ift_str_addf(line, ",\"tokens\":%lld,\"learned\":%lld,", (long long)u->tokens,
                 (long long)u->learned);
    if (time) {
        add(line, "tokens_per_s", (double)u->tokens / time->seconds, 5);
        add(line, "sol", u->flops / time->seconds / time->peak, 3);
    }
    end(line);
}

void ift_metrics_valid(struct ift_str *line, long long step, double epoch, double loss) {
    begin(line, step, epoch);
    add(line, "valid_loss", loss, 9);
    end(line);
}
