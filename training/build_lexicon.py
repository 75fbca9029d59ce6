"""Builds include/gateway/values/data/{months,titles,given}.txt: month names, words of job titles, given names.

    python training/build_lexicon.py

months   Unicode CLDR through `babel` (Unicode licence), every form of 40 languages
titles   the job providers of `faker` (MIT), 40 languages: the words of its titles with how often they occur, plus the words below
given    the person providers of `faker` (MIT): given and family names as one set for "looks like somebody's name"
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter
from pathlib import Path

import faker.providers.job
import faker.providers.person
from babel import Locale

from gateway.values.text import fold, is_cjk

DATA = Path(__file__).resolve().parents[1] / "include" / "gateway" / "values" / "data"
LANGUAGES = """
    en de fr es pt it nl pl sv da nb fi tr vi ru uk el ar he hi cs hu ro id th ca hr sk bg fa ms et lv lt sl sr eu gl
"""
# Occupations are closed word classes; Faker lacks some languages, and others are thin there.
TITLES = """
en: engineer developer manager director analyst designer accountant nurse teacher assistant consultant specialist coordinator
 administrator officer executive supervisor technician architect scientist programmer lead head chief representative planner
 clerk secretary receptionist intern trainee apprentice editor writer researcher lecturer professor tutor instructor therapist
 pharmacist physician surgeon dentist lawyer attorney paralegal solicitor auditor controller bookkeeper cashier buyer
 recruiter trainer operator mechanic electrician plumber carpenter welder driver cook chef waiter barista bartender
 photographer illustrator translator interpreter journalist librarian chemist biologist physicist statistician economist
 strategist evangelist advisor adviser associate partner president founder cofounder owner principal freelancer freelance
 ceo cto cfo coo vp devops sre qa tester ux ui fullstack frontend backend surveyor estimator foreman inspector
 caretaker caregiver midwife paramedic firefighter guard agent broker banker underwriter actuary trader merchandiser
 stylist hairdresser florist gardener farmer pilot captain steward dispatcher warehouse packer marketer owner copywriter
 baker butcher tailor barber optician veterinarian geologist sommelier teller courier janitor cleaner porter ranger roofer
 painter mason tiler glazier decorator sculptor proofreader typesetter upholsterer machinist welder fitter turner smith
 producer animator musician artist actor dancer curator archivist counsellor counselor psychologist worker labourer
de: ingenieur ingenieurin entwickler entwicklerin leiter leiterin berater beraterin sachbearbeiter sachbearbeiterin kaufmann
 kauffrau assistent assistentin referent referentin techniker technikerin buchhalter buchhalterin lehrer lehrerin pfleger
 pflegefachkraft krankenschwester krankenpfleger krankenpflegerin gesundheits- grafiker grafikerin gestalter gestalterin
 analyst analystin werkstudent werkstudentin praktikant praktikantin auszubildender arzt arztin anwalt anwaltin mitarbeiter
 mitarbeiterin geschaftsfuhrer geschaftsfuhrerin projektleiter projektleiterin verkaufer verkauferin fachkraft meister
 redakteur redakteurin jurist juristin koch kochin fahrer fahrerin mechaniker elektriker wissenschaftler softwareentwickler
 softwareentwicklerin datenanalyst datenanalystin disponent disponentin erzieher erzieherin planer planerin konstrukteur
fr: ingenieur ingenieure developpeur developpeuse responsable directeur directrice chef cheffe charge chargee assistant assistante
 comptable infirmier infirmiere enseignant enseignante professeur professeure consultant consultante technicien technicienne
 analyste concepteur conceptrice graphiste redacteur redactrice stagiaire alternant gestionnaire conseiller conseillere vendeur
 vendeuse commercial commerciale secretaire juriste avocat avocate medecin pharmacien pharmacienne architecte coordinateur
 coordinatrice formateur formatrice acheteur acheteuse cuisinier cuisiniere chauffeur ouvrier agent administrateur animateur
es: ingeniero ingeniera desarrollador desarrolladora gerente director directora jefe jefa responsable encargado encargada auxiliar
 asistente analista contador contadora contable enfermero enfermera profesor profesora maestro maestra disenador disenadora
 consultor consultora tecnico tecnica especialista coordinador coordinadora administrador administradora administrativo
 administrativa abogado abogada medico medica arquitecto arquitecta vendedor vendedora ejecutivo ejecutiva becario becaria
 practicante asesor asesora programador programadora supervisor supervisora cocinero cocinera redactor redactora investigador
 operario operador conductor recepcionista secretaria cajero
pt: engenheiro engenheira desenvolvedor desenvolvedora programador programadora gerente diretor diretora coordenador coordenadora
 analista contador contadora contabilista enfermeiro enfermeira professor professora designer consultor consultora tecnico
 tecnica assistente auxiliar estagiario estagiaria especialista supervisor supervisora administrador administradora advogado
 advogada medico medica arquiteto arquiteta vendedor vendedora executivo redator redatora chefe gestor gestora operador
 recepcionista secretario secretaria lider
it: ingegnere sviluppatore sviluppatrice responsabile direttore direttrice addetto addetta impiegato impiegata contabile
 ragioniere ragioniera infermiere infermiera insegnante docente progettista grafico grafica analista consulente tecnico tecnica
 specialista coordinatore coordinatrice assistente segretario segretaria tirocinante stagista avvocato medico architetto
 venditore venditrice commesso commessa operaio operaia programmatore programmatrice amministratore cuoco cuoca cameriere
 redattore redattrice ricercatore ricercatrice capo operatore operatrice magazziniere autista commerciale receptionist
nl: ingenieur ontwikkelaar manager directeur leider projectleider medewerker medewerkster boekhouder accountant verpleegkundige
 verpleger docent leraar lerares ontwerper vormgever adviseur consultant technicus specialist coordinator assistent stagiair
 verkoper monteur chauffeur kok secretaresse beheerder analist programmeur onderzoeker jurist advocaat arts apotheker
 architect planner hoofd teamleider administrateur redacteur trainer inkoper magazijnmedewerker receptionist
sv: ingenjor utvecklare chef ledare projektledare projektchef ekonom redovisningsekonom sjukskoterska larare forskollarare
 grafiker formgivare designer konsult tekniker specialist samordnare koordinator assistent analytiker dataanalytiker
 systemutvecklare mjukvaruutvecklare saljare butikssaljare montor chauffor kock sekreterare jurist advokat lakare arkitekt
 handlaggare administrator forskare praktikant underskoterska programmerare kommunikator redaktor revisor inkopare planerare
 logistiker byggnadsingenjor maskiningenjor controller snickare elektriker receptionist
da: ingenior udvikler leder projektleder bogholder sygeplejerske laerer grafiker konsulent tekniker specialist koordinator
 assistent analytiker saelger montor chauffor kok sekretaer jurist advokat laege arkitekt forsker praktikant medarbejder
nb: ingenior utvikler leder prosjektleder regnskapsforer sykepleier laerer grafiker konsulent tekniker radgiver koordinator
 assistent analytiker selger montor sjafor kokk sekretaer jurist advokat lege arkitekt forsker medarbeider
fi: insinoori kehittaja paallikko johtaja asiantuntija kirjanpitaja sairaanhoitaja opettaja suunnittelija konsultti teknikko
 koordinaattori avustaja analyytikko myyja asentaja kuljettaja kokki sihteeri juristi laakari arkkitehti tutkija harjoittelija
pl: inzynier inzynierka programista programistka kierownik kierowniczka dyrektor menedzer menadzer specjalista specjalistka
 ksiegowy ksiegowa pielegniarka pielegniarz nauczyciel nauczycielka projektant projektantka grafik konsultant konsultantka
 technik koordynator koordynatorka asystent asystentka analityk analityczka sprzedawca przedstawiciel kierowca kucharz
 sekretarka prawnik lekarz architekt stazysta stazystka praktykant magazynier mechanik elektryk administrator referent doradca
tr: muhendis muhendisi yazilimci gelistirici gelistiricisi muduru mudur yonetici yoneticisi uzmani uzman muhasebeci hemsire
 ogretmen ogretmeni tasarimci tasarimcisi danisman danismani teknisyen teknisyeni koordinator asistan asistani analist
 analisti satis temsilcisi sofor asci sekreter avukat doktor mimar stajyer sorumlusu sef direktor planlamaci
vi: ky_su lap_trinh quan_ly giam_doc truong_phong truong_nhom nhan_vien chuyen_vien ke_toan dieu_duong y_ta giao_vien giang_vien
 thiet_ke tu_van ky_thuat_vien dieu_phoi tro_ly phan_tich ban_hang thu_ky luat_su bac_si kien_truc_su thuc_tap_sinh
id: insinyur pengembang manajer direktur staf akuntan perawat guru desainer konsultan teknisi spesialis koordinator asisten
 analis penjualan sopir koki sekretaris pengacara dokter arsitek magang kepala
cs: inzenyr vyvojar vyvojarka manazer manazerka reditel reditelka ucetni sestra ucitel ucitelka konzultant technik specialista
 koordinator asistent asistentka analytik prodejce ridic kuchar pravnik lekar architekt vedouci programator
hu: mernok fejleszto vezeto igazgato konyvelo apolo tanar tervezo tanacsado technikus specialista koordinator asszisztens elemzo
 ertekesito sofor szakacs titkar jogasz orvos epitesz gyakornok menedzser programozo munkatars ugyintezo
ro: inginer dezvoltator programator director contabil asistent asistenta profesor designer consultant tehnician specialist
 coordonator analist vanzator sofer bucatar secretara avocat medic arhitect stagiar sef economist
ru: инженер разработчик программист менеджер директор руководитель начальник специалист бухгалтер медсестра учитель
 преподаватель дизайнер консультант техник координатор ассистент помощник аналитик продавец водитель повар секретарь юрист
 врач архитектор стажер стажёр администратор оператор тестировщик экономист редактор переводчик механик электрик логист
uk: інженер розробник програміст менеджер директор керівник начальник спеціаліст фахівець бухгалтер медсестра вчитель викладач
 дизайнер консультант технік координатор асистент помічник аналітик продавець водій кухар секретар юрист лікар архітектор
el: μηχανικος προγραμματιστης διευθυντης υπευθυνος λογιστης νοσηλευτης νοσηλευτρια δασκαλος καθηγητης καθηγητρια σχεδιαστης
 γραφιστας γραφιστρια συμβουλος τεχνικος συντονιστης βοηθος αναλυτης πωλητης οδηγος μαγειρας γραμματεας δικηγορος γιατρος
 αρχιτεκτονας ασκουμενος διαχειριστης στελεχος προισταμενος
ar: مهندس مهندسة مطور مطورة مدير مديرة رئيس محاسب محاسبة ممرض ممرضة معلم معلمة مدرس مصمم مصممة مستشار مستشارة فني أخصائي
 اخصائي منسق منسقة مساعد مساعدة محلل محللة مندوب سائق طباخ سكرتير سكرتيرة محامي طبيب طبيبة متدرب مشرف مبرمج موظف مسؤول باحث
he: מהנדס מהנדסת מפתח מפתחת מנהל מנהלת חשב אחות מורה מעצב מעצבת יועץ יועצת טכנאי רכז רכזת עוזר אנליסט נהג טבח מזכירה רופא
fa: مهندس مدیر کارشناس حسابدار پرستار معلم طراح مشاور تکنسین هماهنگ دستیار تحلیلگر فروشنده راننده آشپز منشی وکیل پزشک معمار
hi: इंजीनियर प्रबंधक निदेशक लेखाकार नर्स शिक्षक डिजाइनर सलाहकार तकनीशियन विश्लेषक सहायक
"""
CJK_TITLES = """
エンジニア デザイナー マネージャー マネジャー ディレクター アナリスト コンサルタント プログラマー プランナー リーダー アシスタント スタッフ
プロデューサー ライター エディター オペレーター 担当 部長 課長 係長 主任 店長 社長 取締役 看護師 教師 教員 教諭 会計士 税理士 弁護士 薬剤師
建築士 設計士 医師 技師 技術者 研究員 事務員 経理 営業 秘書 保育士 介護士 栄養士 調理師 美容師 運転手 編集者 講師 助手 販売員 管理者 開発者
工程师 经理 总监 主管 专员 会计 护士 教师 老师 设计师 顾问 技术员 助理 分析师 销售 司机 厨师 秘书 律师 医生 架构师 实习生 程序员 研究员 编辑
翻译 出纳 客服 采购 策划 运营 文员 店长 组长 讲师 教授 工程師 經理 總監 專員 會計 護士 教師 設計師 顧問 技術員 分析師 律師 醫生 實習生
엔지니어 개발자 매니저 디자이너 분석가 컨설턴트 간호사 교사 회계사 강사 연구원 팀장 과장 부장 대리 사원 이사 대표 관리자 기획자 마케터 담당자 변호사 의사 약사
"""
STOP = {
    "and",
    "the",
    "for",
    "und",
    "oder",
    "with",
    "des",
    "del",
    "der",
    "die",
    "las",
    "los",
    "van",
    "von",
    "voor",
    "och",
    "dla",
    "per",
}
NOT_TITLES = {
    "public",
    "services",
    "service",
    "data",
    "health",
    "bank",
    "hospital",
    "university",
    "school",
    "media",
    "systems",
}
MIN_NAME = 2


def providers(package: object) -> list[object]:
    out = []
    for info in pkgutil.iter_modules(package.__path__):  # type: ignore[attr-defined]
        out.append((info.name, importlib.import_module(f"{package.__name__}.{info.name}").Provider))  # type: ignore[attr-defined]
    return out


def months() -> list[str]:
    out: dict[str, int] = {}
    for language in LANGUAGES.split():
        calendar = Locale.parse(language).months
        for form in ("format", "stand-alone"):
            for width in ("wide", "abbreviated"):
                for number, name in calendar[form][width].items():
                    key = fold(str(name)).strip(" .")
                    if len(key) >= 3 and not key[0].isdigit():
                        out.setdefault(key, number)
    out.update({"sept": 9, "ene": 1, "thg": 0})
    return [f"{name}\t{number}" for name, number in sorted(out.items()) if number]


def titles() -> list[str]:
    words: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for _, provider in providers(faker.providers.job):
        for job in getattr(provider, "jobs", ()) or getattr(provider, "jobs_male", ()):
            if is_cjk(job):
                continue
            tokens = [t for t in re.findall(r"[^\W\d_]+", fold(str(job))) if len(t) > 2 and t not in STOP]
            words.update(set(tokens))
            if tokens:
                ends.update({tokens[0], tokens[-1]})
    scores = {
        word: min(2.0, 0.4 + 0.2 * count + 0.2 * ends[word]) for word, count in words.items() if word not in NOT_TITLES
    }
    for line in TITLES.strip().replace("\n ", " ").split("\n"):
        for word in line.split(":", 1)[1].split():
            scores[fold(word).replace("_", " ")] = 2.0
    for word in CJK_TITLES.split():
        scores[word] = 2.0
    return [f"{word}\t{score:.1f}" for word, score in sorted(scores.items())]


def given() -> list[str]:
    names: set[str] = set()
    for _, provider in providers(faker.providers.person):
        for attribute in dir(provider):
            if "first_name" in attribute or "last_name" in attribute:
                values = getattr(provider, attribute)
                if isinstance(values, (tuple, list, dict)):
                    for value in values:
                        value = value[0] if isinstance(value, tuple) else value
                        for token in fold(str(value)).split():
                            if len(token) >= MIN_NAME and token.isalpha():
                                names.add(token)
    return sorted(names, key=str.encode)


def main() -> None:
    for name, lines in (("months", months()), ("titles", titles()), ("given", given())):
        (DATA / f"{name}.txt").write_text("\n" + "\n".join(lines) + "\n", "utf-8")
        print(f"{name}: {len(lines)} lines, {(DATA / f'{name}.txt').stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
