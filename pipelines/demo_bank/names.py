"""Words from which names are made; every region and company is invented.

Names come as text arrays: `surname`, `given` and `draw` are whole numbers that stand for a name.
"""

import numpy as np

from pipelines.demo_bank.texts import WIDE_SPACE, codes, from_codes, joined, looked_up, packed, table_of

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余"
    "于杜叶程魏苏吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建文志国庆春梅海波晨曦子涵"
    "雨桐欣怡浩然思远佳宁嘉俊若溪一诺泽宇诗琪梓萱天佑"
)
# What a hurried clerk writes instead of each of GIVEN: another sign of the same sound.
_MISHEARD = (
    "玮方纳闽婧莉墙雷钧阳永燕洁涓滔铭朝绣侠萍钢贵瑛桦钰岚虹健雯智帼晴椿玫蕙博辰熙梓寒"
    "羽彤昕宜皓燃斯苑嘉柠佳骏偌希怡糯择雨施祺紫轩添祐"
)
_SIMPLE = "张刘陈杨黄赵吴孙马罗郑谢许韩邓冯肖吕叶苏卢钟谭陆伟丽强军艳杰涛刚华兰红国庆远宁诺泽诗萧"
_TRADITIONAL = "張劉陳楊黃趙吳孫馬羅鄭謝許韓鄧馮蕭呂葉蘇盧鍾譚陸偉麗強軍艷傑濤剛華蘭紅國慶遠寧諾澤詩蕭"
REGIONS = ("云岚市", "沧渚市", "星洄市", "霁川市", "鹿溪市", "晴麓市", "澄浦市", "砚山湾市")
_FIRM_FIRST = "恒瑞鼎嘉盛汇启安博丰泰锦远禾晟泽谷岚明澜砚渚麓宏信"
_FIRM_LAST = "远禾晟泽谷云川澜砚岚渚麓达通源盈祥和兴茂成德创联峰"
TRADES = ("贸易", "科技", "建材", "物流", "食品", "纺织", "机械", "医药", "农业", "文化传媒", "民办教育")
_PLACES = "东西南北中春秋松柏桃柳荷梅竹石泉河湖江溪岭坪湾塘桥"
# Bodies and, by place, what kind of institution each is.
BODIES = ("中学", "人民医院", "水务局", "图书馆", "职工联合会", "设计院", "民政局", "博物馆")
INSTITUTION_TYPES = (
    "PUBLIC_SCHOOL",
    "PUBLIC_HOSPITAL",
    "PARTY_ORGAN",
    "PUBLIC_INSTITUTION",
    "SOCIAL_ORGANISATION",
    "DESIGN_INSTITUTE",
    "PARTY_ORGAN",
    "PUBLIC_INSTITUTION",
)
RANKS = ("PROVINCE", "MINISTRY", "MUNICIPALITY", "CITY", "DISTRICT", "COUNTY", "TOWNSHIP", "VILLAGE")
_RANK_PLACES = ("省属", "部属", "直属", "市立", "区", "县", "镇", "村")
_RANK_OF_PLACE = (7, 6, 6, 5, 5, 5, 4, 4, 4, 4, 3, 3, 3, 6, 5, 4, 5, 4, 6, 7, 3, 2, 0, 1, 5)
OCCUPATIONS = (
    "CIVIL_SERVANT",
    "TEACHER",
    "DOCTOR",
    "ENGINEER",
    "MANAGER",
    "CLERK",
    "WORKER",
    "FARMER",
    "SELF_EMPLOYED",
    "FREELANCER",
    "STUDENT",
    "RETIRED",
)
POSITIONS = ("STAFF", "SUPERVISOR", "MANAGER", "EXECUTIVE", "OWNER", "NONE")
INDUSTRIES = (
    "PUBLIC_ADMINISTRATION",
    "EDUCATION",
    "HEALTH",
    "MANUFACTURING",
    "TRADE",
    "FINANCE",
    "TECHNOLOGY",
    "AGRICULTURE",
    "CONSTRUCTION",
    "TRANSPORT",
    "CULTURE",
    "ENERGY",
    "HOSPITALITY",
    "REAL_ESTATE",
    "SERVICES",
)
HOBBIES = ("TRAVEL", "SPORTS", "READING", "MUSIC", "COOKING", "GARDENING", "PHOTOGRAPHY", "COLLECTING")
STREETS = ("春晖路", "竹溪街", "望湖路", "文昌街", "青石巷", "滨河路", "松涛路", "新禾大道")

_MISHEARING = table_of(zip(GIVEN, _MISHEARD, strict=True))
_TRADITION = table_of(zip(_SIMPLE, _TRADITIONAL, strict=True))


def _signs(text: str) -> np.ndarray:
    return np.array([ord(sign) for sign in text], dtype=np.uint32)


def person_names(surname: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Personal names (U3); an even `given` has one given character, an odd one two."""
    first, second = np.divmod(np.asarray(given) // 2, len(GIVEN))
    points = np.zeros((len(first), 3), dtype=np.uint32)
    points[:, 0] = _signs(SURNAMES)[np.asarray(surname) % len(SURNAMES)]
    points[:, 1] = _signs(GIVEN)[second]
    points[:, 2] = np.where(np.asarray(given) % 2, _signs(GIVEN)[first % len(GIVEN)], 0)
    return from_codes(points)


def company_names(region: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Names of companies."""
    rest, trade = np.divmod(np.asarray(draw), len(TRADES))
    first, last = np.divmod(rest, len(_FIRM_LAST))
    firm = np.stack([_signs(_FIRM_FIRST)[first % len(_FIRM_FIRST)], _signs(_FIRM_LAST)[last]], axis=1)
    places = np.array([name.removesuffix("市") for name in REGIONS])
    ends = np.array([f"{name}有限公司" for name in TRADES])
    return joined(places[region], from_codes(firm), ends[trade])


def sole_trader_names(region: np.ndarray, surname: np.ndarray, given: np.ndarray) -> np.ndarray:
    """Names of sole traders: region, owner, trade."""
    places = np.array([name.removesuffix("市") for name in REGIONS])
    ends = np.array([f"{name}店" for name in TRADES[:10]])
    return joined(places[region], person_names(surname, given), ends[np.asarray(given) % len(ends)])


def industry_of_companies(draw: np.ndarray) -> np.ndarray:
    """The place in INDUSTRIES that fits the trade in a company's name."""
    fitting = ("TRADE", "TECHNOLOGY", "CONSTRUCTION", "TRANSPORT", "MANUFACTURING", "MANUFACTURING")
    fitting += ("MANUFACTURING", "HEALTH", "AGRICULTURE", "CULTURE", "EDUCATION")
    return np.array([INDUSTRIES.index(word) for word in fitting])[np.asarray(draw) % len(TRADES)]


def institution_kinds(draw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places in INSTITUTION_TYPES and RANKS that fit an institution's name."""
    rest, body = np.divmod(np.asarray(draw), len(BODIES))
    return body, np.array(_RANK_OF_PLACE)[rest % len(_RANK_OF_PLACE)]


def institution_names(region: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Names of institutions: region, place with its rank, body."""
    rest = np.asarray(draw) // len(BODIES)
    body, rank = institution_kinds(draw)
    first, second = np.divmod(rest // len(_RANK_OF_PLACE) * 7 + rest, len(_PLACES))
    place = np.stack([_signs(_PLACES)[first % len(_PLACES)], _signs(_PLACES)[second]], axis=1)
    return joined(
        np.array(REGIONS)[region], from_codes(place), np.array(_RANK_PLACES)[rank], np.array(BODIES)[body]
    )


def misheard(names: np.ndarray) -> np.ndarray:
    """Personal names whose given characters are others of the same sound; the surname stays."""
    points = codes(names)
    points[:, 1:] = _MISHEARING[points[:, 1:]]
    return from_codes(points)


def traditional(names: np.ndarray) -> np.ndarray:
    """Names in traditional characters, where they have one."""
    return looked_up(names, _TRADITION)


def spaced(names: np.ndarray, sign: int = WIDE_SPACE) -> np.ndarray:
    """Names with a space behind the first character."""
    points = codes(names)
    gap = np.full((len(points), 1), sign, dtype=np.uint32)
    return from_codes(packed(np.concatenate([points[:, :1], gap, points[:, 1:]], axis=1)))


def addresses(region: np.ndarray, draw: np.ndarray) -> np.ndarray:
    """Invented addresses: region, street, house number 1-999."""
    street, house = np.divmod(np.asarray(draw), 999)
    numbers = (house + 1).astype("U3")
    ends = np.broadcast_to(np.array("号"), len(numbers))
    return joined(np.array(REGIONS)[region], np.array(STREETS)[street % len(STREETS)], numbers, ends)
