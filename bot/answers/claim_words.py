"""Words that decide what a sentence claims: small numbers, units, and pairs that exclude each other."""

SPELT = {word: str(n) for n, word in enumerate("零一二三四五六七八九十")}
"""Numbers in words, as digits."""
SPELT |= {"两": "2", "首": "1", "once": "1", "twice": "2", "first": "1", "second": "2", "third": "3"}
SPELT |= {"zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6"}
SPELT |= {"seven": "7", "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12"}

_GROUPS = (
    ("ms", "millisecond", "milliseconds", "毫秒"),
    ("s", "sec", "second", "seconds", "秒", "秒钟"),
    ("min", "minute", "minutes", "分钟", "分"),
    ("h", "hour", "hours", "小时"),
    ("day", "days", "天", "日"),
    ("week", "weeks", "周", "星期"),
    ("month", "months", "个月", "月"),
    ("year", "years", "年"),
    ("%", "％", "percent"),
    ("kb", "kib", "k"),
    ("mb", "mib", "m"),
    ("gb", "gib", "g"),
    ("tb", "tib", "t"),
)
UNITS = {unit: group[0] for group in _GROUPS for unit in group}
"""Every spelling of a unit, with the one that stands for all."""

OPPOSITES = (
    (
        r"提高|提升|上升|升[至到高了]|增加|增长|增至|变大|变多|increas\w*|r[io]se[sn]?|gr[eo]w\w*|rais\w*",
        r"降低|下降|降[至到了]|减少|缩短|减[至到小]|变[小少]|decreas\w*|reduc\w*|f[ae]ll\w*|drop\w*|cuts?|down",
    ),
    (r"larger|bigger|更大", r"smaller|更小"),
    (r"faster|更快|变快", r"slower|更慢|变慢|拖慢"),
    (r"higher|高于|更高", r"lower|低于|更低"),
    (r"大于|多于|超过|more than|over|above", r"小于|少于|不足|less than|below|under"),
    (r"longer|更长", r"shorter|更短"),
    (r"高基数|high-\w+", r"低基数|low-\w+"),
    (r"打开|开启|启用|enabl\w*|turned on", r"关闭|停用|禁用|disabl\w*|turned off"),
    (r"必填|必须|required|mandatory|must", r"可选|optional"),
    (r"自动|automatic\w*", r"手动|manual\w*"),
    (r"同步|synchronous\w*", r"异步|asynchronous\w*"),
    (r"允许|可以|allow\w*", r"禁止|不能|不得|不允许|forbid\w*|denie[sd]"),
    (r"之前|以前|before", r"之后|以后|after"),
    (r"最新|newest|latest", r"最旧|最老|oldest"),
    (r"最大|maximum|at most|最多", r"最小|minimum|at least|最少|至少"),
)
"""Regular expressions of two words of which a sentence means one or the other."""
