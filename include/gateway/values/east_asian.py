"""Names written in Chinese, Japanese and Korean, recognised by form: a known family name and a usual number of characters."""

from __future__ import annotations

import re
import unicodedata

# The family names of some 95 % of people in China, Taiwan and Hong Kong (both scripts), and of Korea in both of its scripts.
_CHINESE = frozenset(
    "王李张張刘劉陈陳杨楊黄黃赵趙吴吳周徐孙孫马馬朱胡郭何高林罗羅郑鄭梁谢謝宋唐许許邓鄧冯馮韩韓曹曾彭萧蕭肖蔡潘田董袁于余叶葉蒋蔣杜苏蘇魏程吕呂丁沈任姚卢盧"
    "傅钟鍾鐘姜崔谭譚廖范汪陆陸金石戴贾賈韦韋夏邱丘方侯邹鄒熊孟秦白江阎閻闫薛尹段雷黎史龙龍陶贺賀顾顧毛郝龚龔邵万萬钱錢严嚴赖賴覃洪武戚莫孔汤湯向常温溫康施文牛樊葛邢安齐齊"
    "易乔喬伍庞龐颜顏倪庄莊聂聶章鲁魯岳翟殷詹申欧歐耿关關兰蘭焦俞左柳甘祝包宁寧尚符舒阮柯纪紀梅童凌毕畢单單季裴霍涂成苗谷盛曲翁冉骆駱蓝藍路游辛靳管柴蒙鲍鮑华華喻祁蒲房滕屈"
    "饶饒解牟艾尤阳陽时時穆农農司卓古吉缪繆简簡车車项項连連芦蘆麦麥褚娄婁窦竇戚岑景党黨宫宮费費卜冷晏席卫衛米柏宗瞿桂全佟应應臧闵閔苟邬鄔边邊卞姬师師和仇栾欒隋商刁沙荣榮巫寇桑郎甄丛叢仲虞敖巩鞏明佘池查麻苑迟遲邝鄺"
)
_DOUBLE = frozenset(
    [
        "欧阳",
        "歐陽",
        "司马",
        "司馬",
        "上官",
        "诸葛",
        "諸葛",
        "皇甫",
        "尉迟",
        "尉遲",
        "公孙",
        "公孫",
        "慕容",
        "令狐",
        "司徒",
        "夏侯",
        "东方",
        "東方",
        "南宫",
        "南宮",
        "端木",
        "长孙",
        "長孫",
    ]
)
_KOREAN = frozenset(
    "김이박최정강조윤장임한오서신권황안송전홍유고문양손배백허남심노하곽성차주우구민류나진지엄채원천방공현함변염여추도소석선설마길연위표명기반라왕금옥육인맹제모탁국어은편용예봉경사부가복태목형계피두감음빈동온호범좌팽승간상시갈단견당화"
)
_KOREAN_DOUBLE = frozenset(["남궁", "황보", "제갈", "사공", "선우", "서문", "독고", "동방"])
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff々〆ヶ]+")
_HANGUL = re.compile(r"[\uac00-\ud7af]+")
_MIXED = re.compile(r"[\u3040-\u30ffー\u3400-\u9fff\uf900-\ufaff々〆ヶ]+")


def solid(text: str) -> str:
    """A text in East Asian signs without its spaces, radicals that only look like letters made those letters: "氏 名" -> "氏名"."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def name_form(text: str, language: str | None = None) -> float:
    """How much a text has the form of a person's name: 1 with a known family name, 0.7 by its cut alone, 0 not at all.

    language  of the document: Japanese names may begin with any sign, Chinese and Korean ones hardly ever
    """
    text = unicodedata.normalize("NFKC", text).strip()
    parts = re.split(r"[\s・·･]+", text)
    whole = "".join(parts)
    if _HANGUL.fullmatch(whole):
        if not 2 <= len(whole) <= 4 or (len(parts) > 2 and len(parts) != len(whole)):
            return 0.0
        family = whole[:2] if whole[:2] in _KOREAN_DOUBLE and len(whole) > 2 else whole[:1]
        if len(parts) == 2 and parts[0] != family:
            return 0.0
        return (
            1.0
            if (family in _KOREAN or family in _KOREAN_DOUBLE) and len(whole) >= 3
            else 0.5
            if family in _KOREAN
            else 0.0
        )
    if _HAN.fullmatch(whole):
        if language == "ja":
            if len(parts) == 2 and len(parts[0]) <= 3 and 1 <= len(parts[1]) <= 3 and 3 <= len(whole) <= 6:
                return 1.0
            if len(parts) == 2 and len(whole) == 2:
                return 0.7
            return 0.5 if len(parts) == 1 and 3 <= len(whole) <= 5 else 0.0
        known = (whole[:1] in _CHINESE and 2 <= len(whole) <= 3) or (whole[:2] in _DOUBLE and 3 <= len(whole) <= 4)
        return 1.0 if known else 0.0
    if _MIXED.fullmatch(whole) and len(parts) == 2 and max(map(len, parts)) <= 8 and len(whole) >= 3:
        return 0.8 if "・" in text or _HAN.search(whole) else 0.6
    return 0.0
