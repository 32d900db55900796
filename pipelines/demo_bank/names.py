"""Words from which names are made; every region and company is invented."""

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余"
    "于杜叶程魏苏吕丁沈任姚卢傅钟姜崔谭廖范汪陆金石戴"
)
GIVEN = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建文志国庆春梅海波晨曦子涵"
    "雨桐欣怡浩然思远佳宁嘉俊若溪一诺泽宇诗琪梓萱天佑"
)
REGIONS = ("云岚市", "沧渚市", "星洄市", "霁川市", "鹿溪市", "晴麓市", "澄浦市", "砚山湾市")
FIRMS = ("恒远", "瑞禾", "鼎晟", "嘉泽", "盛谷", "汇云", "启明川", "安澜", "博砚", "丰岚", "泰渚", "锦麓")
TRADES = ("贸易", "科技", "建材", "物流", "食品", "纺织", "机械", "医药", "农业", "文化传媒")
BODIES = ("第一中学", "人民医院", "水务局", "图书馆", "职工联合会", "设计院", "民政局", "博物馆")
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


def person_name(surname: int, given: int) -> str:
    """A personal name; an even `given` has one given character, an odd one two."""
    first, second = divmod(given // 2, len(GIVEN))
    tail = GIVEN[first % len(GIVEN)] if given % 2 else ""
    return SURNAMES[surname % len(SURNAMES)] + GIVEN[second] + tail


def company_name(region: int, draw: int) -> str:
    """A company's name."""
    place = REGIONS[region].removesuffix("市")
    serial, trade = divmod(draw, len(TRADES))
    return f"{place}{FIRMS[serial % len(FIRMS)]}{TRADES[trade]}有限公司"


def institution_name(region: int, draw: int) -> str:
    """An institution's name."""
    return f"{REGIONS[region]}{BODIES[draw % len(BODIES)]}"
