"""Files that are not PDF résumés: tables, archives, office documents, and the sandbox that reads all of them."""

from __future__ import annotations

from .base import Code

_ANY_FILE = (
    Code(
        "EMPTY_FILE", "extract", "The file holds nothing.", "An upload or export that broke off before the first byte.",
        "sender", "Send the file again from where it opens.", "EMPTY_FILE: The file is empty (0 bytes).",
    ),
    Code(
        "NOT_A_PDF", "extract", "The file is named like a PDF but is something else.",
        "A web page, an image or a text document was renamed.", "sender", "Export it as PDF again and send that.",
        "NOT_A_PDF: The name says PDF, the content is a web page (text/html).",
    ),
    Code(
        "NO_TEXT", "extract", "No text could be read in the document.",
        "Blank pages, a photograph, or a scan too poor for text recognition.", "sender",
        "Send the original file, or a sharper scan.",
        "NO_TEXT: No text could be recognised in its pages; ask for a sharper scan or the original file.",
    ),
    Code(
        "FILE_TOO_LARGE", "intake", "The file is larger than one file may be.",
        "A scan at a very high resolution, a video, or an archive under another name.",
        "sender", "Send a smaller export, or ask the operator to raise GATEWAY_MAX_FILE_BYTES.",
        "FILE_TOO_LARGE: 71,303,168 bytes, the limit is 50,000,000.",
    ),
    Code(
        "FILE_UNREADABLE", "intake", "The file could not be opened on the gateway's disk.",
        "Missing permissions, or the file was moved while the batch was running.",
        "operator", "Check the folder's permissions and drop the file again.",
        "FILE_UNREADABLE: the file could not be opened (permission denied).",
    ),
    Code(
        "UNSUPPORTED_TYPE", "intake", "This kind of file is not one the gateway reads.",
        "A program, a picture, a video or a data file among the résumés.",
        "sender", "Send a PDF, DOCX, ODT, RTF, TXT or HTML résumé, or a CSV or XLSX list of candidates.",
        "UNSUPPORTED_TYPE: this is a program (application/x-msdownload), not a résumé or a candidate list.",
    ),
    Code(
        "IMAGE_FILE", "intake", "The résumé is a picture file.",
        "A photo or a screenshot of a résumé.",
        "sender", "Save the picture as PDF (print to PDF): scanned PDFs are read with text recognition.",
        "IMAGE_FILE: this is a picture (image/jpeg); save it as PDF and send that.",
    ),
)

_OFFICE = (
    Code(
        "LEGACY_DOC", "extract", "The file is in Word's format from before 2007 (.doc), which is not read.",
        "An old template, or 'Word 97-2003' chosen when saving.",
        "sender", "Open it in Word or LibreOffice and save it as PDF or DOCX.",
        "LEGACY_DOC: Word 97-2003 document; save it as PDF or DOCX and send that.",
    ),
    Code(
        "LEGACY_XLS", "extract", "The file is in Excel's format from before 2007 (.xls), which is not read.",
        "An old export.", "sender", "Open it and save it as XLSX or CSV (UTF-8).",
        "LEGACY_XLS: Excel 97-2003 workbook; save it as XLSX or CSV and send that.",
    ),
    Code(
        "ENCRYPTED_OFFICE", "extract", "The office document is protected with a password.",
        "Password protection set in Word, Excel or LibreOffice.",
        "sender", "Remove the password (save without protection) and send it again.",
        "ENCRYPTED_OFFICE: a password is needed to open this document.",
    ),
    Code(
        "DAMAGED_OFFICE", "extract", "The office document is damaged and cannot be opened.",
        "A download that broke off, or a file mended by another program.",
        "sender", "Open and save it again, or export it as PDF.",
        "DAMAGED_OFFICE: the DOCX file cannot be opened; its parts are missing or broken.",
    ),
)

_TABLE = (
    Code(
        "NO_CANDIDATE_COLUMNS", "extract", "The table has no column with names, e-mail addresses or phone numbers.",
        "Another kind of list (prices, stock), or headers the gateway does not know above unusual values.",
        "recruiter", "Add a header row with name, email and phone, or set the agent's column mapping.",
        "NO_CANDIDATE_COLUMNS: no column of the 4 looks like a candidate's name, e-mail or phone.",
    ),
    Code(
        "NO_ROWS", "extract", "The table has a header and no rows below it.",
        "An export with a filter that matched nobody.",
        "sender", "Export again without the filter.", "NO_ROWS: there is a header row, and no candidate below it.",
    ),
    Code(
        "UNKNOWN_ENCODING", "extract", "The table's text could not be decoded.",
        "A binary file called .csv, or a damaged one.",
        "sender", "Save it as 'CSV UTF-8' and send it again.",
        "UNKNOWN_ENCODING: the file is not text in any known character set.",
    ),
    Code(
        "ROW_NO_CONTACT", "extract", "A row holds no name, no e-mail and no phone, so it is nobody's.",
        "Comment rows, totals, blank rows with a stray character.",
        "nobody", "Nothing, unless a person was meant: then fill in a name or an address.",
        "ROW_NO_CONTACT: row 14 has no name, e-mail or phone.",
    ),
    Code(
        "ROW_FOOTER", "extract", "A row is a total, a footer or a repeated header, not a person.",
        "Reports and spreadsheets add them.", "nobody", "Nothing.", "ROW_FOOTER: row 13 looks like a total.",
    ),
    Code(
        "INVALID_EMAIL", "extract",
        "What stands in the e-mail column is no e-mail address; the person is kept without it.",
        "A typing error, or a remark in place of the address.",
        "recruiter", "Correct the address in the review queue or in the list.",
        "INVALID_EMAIL: row 5, the e-mail cell holds no valid address.",
    ),
    Code(
        "INVALID_PHONE", "extract",
        "What stands in the phone column cannot be a phone number; the person is kept without it.",
        "A remark in place of the number, or digits missing.",
        "recruiter", "Correct the number in the review queue or in the list.",
        "INVALID_PHONE: row 7, the phone cell holds no possible number.",
    ),
    Code(
        "EXCEL_DAMAGE", "extract", "A spreadsheet has changed a number so that digits are lost.",
        "Long numbers shown as 1.51256E+10 when the list was saved as CSV.",
        "sender", "Format the phone column as text, export again; the damaged number is left out.",
        "EXCEL_DAMAGE: row 2, the phone number was shortened by a spreadsheet (scientific notation).",
    ),
    Code(
        "ROW_TOO_LONG", "extract", "A row has more cells than the header; the spare ones are kept as extra data.",
        "Unquoted separators inside a cell, or notes typed beside the table.",
        "recruiter", "Look at the row; nothing of it was thrown away.",
        "ROW_TOO_LONG: row 7 has 8 cells, the header has 5.",
    ),
    Code(
        "UNCLOSED_QUOTE", "extract",
        "A quotation mark was opened and never closed; the row was read to its line's end.",
        "Inch marks or quotes typed into a cell without escaping.",
        "recruiter", "Look at the row named.", "UNCLOSED_QUOTE: row 9 opens a quotation mark that is never closed.",
    ),
    Code(
        "CELL_CUT", "extract", "A very long cell was cut.",
        "A whole résumé or a picture as text inside one cell.",
        "nobody", "Nothing; the person's other cells are complete.",
        "CELL_CUT: row 3, a cell of 1,000,000 characters was cut to 20,000.",
    ),
    Code(
        "BROKEN_CHARACTERS", "extract",
        "Some bytes of the file belong to no character of its character set and were replaced.",
        "Lists put together from files with different character sets.",
        "recruiter", "Look at names with the sign \ufffd; save the list as CSV UTF-8.",
        "BROKEN_CHARACTERS: row 12 holds bytes that are not valid utf-8.",
    ),
    Code(
        "MORE_NOTES", "extract", "There were more remarks about rows than are listed.",
        "A list in which many rows have the same trouble.", "recruiter", "Mend the cause of the listed ones first.",
        "MORE_NOTES: 4,211 further remarks were counted, not listed.",
    ),
)

_COMMAND = (
    Code(
        "PATH_NOT_FOUND", "intake", "A path given on the command line does not exist.",
        "A typing error, or a file that was moved.",
        "operator", "Check the path and run the command again.",
        "PATH_NOT_FOUND: there is no file or folder inbox/list.csv.",
    ),
)

_ARCHIVE = (
    Code(
        "ZIP_BROKEN", "intake", "The ZIP archive is damaged or incomplete and cannot be opened.",
        "A download or upload that broke off.", "sender", "Make the archive again and upload it once more.",
        "ZIP_BROKEN: the ZIP archive is damaged or cut off; its list of files is missing.",
    ),
    Code(
        "ZIP_EMPTY", "intake", "The ZIP archive contains no files.",
        "An empty folder was packed, or only system files.",
        "sender", "Put the résumés into the archive and upload it again.",
        "ZIP_EMPTY: the archive contains no documents.",
    ),
    Code(
        "ZIP_ENCRYPTED", "intake", "The ZIP archive, or a file in it, is protected with a password.",
        "Password protection chosen when packing.", "sender", "Pack it again without a password.",
        "ZIP_ENCRYPTED: the file is password protected.",
    ),
    Code(
        "ZIP_TOO_MANY_FILES", "intake", "The ZIP archive holds more files than one batch may have.",
        "A whole archive packed at once, or an attack.",
        "sender", "Split it, or ask the operator to raise GATEWAY_MAX_BATCH_FILES.",
        "ZIP_TOO_MANY_FILES: 12,004 files, a batch may have 10,000.",
    ),
    Code(
        "ZIP_BATCH_TOO_LARGE", "intake", "Unpacked, the archive is larger than one batch may be.",
        "Very many or very large files.", "sender", "Split it, or ask the operator to raise GATEWAY_MAX_BATCH_BYTES.",
        "ZIP_BATCH_TOO_LARGE: more than 5,000,000,000 bytes unpacked; this file and the rest were left out.",
    ),
    Code(
        "ZIP_BOMB", "intake", "A file in the archive unpacks to a size no résumé has for its packed size.",
        "A file made to fill disks, or a damaged one.", "sender", "Leave the file out; send the résumé alone.",
        "ZIP_BOMB: the file unpacks to more than 200 times its packed size.",
    ),
    Code(
        "ZIP_MEMBER_TOO_LARGE", "intake", "A file in the archive is larger than one file may be.",
        "A scan at a very high resolution, a video.",
        "sender", "Send a smaller export, or ask the operator to raise GATEWAY_MAX_FILE_BYTES.",
        "ZIP_MEMBER_TOO_LARGE: more than 50,000,000 bytes unpacked.",
    ),
    Code(
        "ZIP_TOO_DEEP", "intake", "An archive inside archives is nested deeper than the gateway opens.",
        "Archives packed again and again.", "sender", "Pack the files into one archive.",
        "ZIP_TOO_DEEP: this archive lies more than 3 archives deep and was not opened.",
    ),
    Code(
        "ZIP_UNSAFE_PATH", "intake", "A file in the archive has a path that leads outside of it.",
        "An attack, or a faulty packing program.", "sender", "Pack the file again with a plain path.",
        "ZIP_UNSAFE_PATH: the path leads outside the archive; the file was not unpacked.",
    ),
    Code(
        "ZIP_LINK", "intake", "An entry of the archive is a link or a device, not a file.",
        "A folder with links, packed on Linux or macOS.", "sender", "Pack the file itself instead of the link.",
        "ZIP_LINK: the entry is a symbolic link; nothing was unpacked.",
    ),
    Code(
        "ZIP_MEMBER_BROKEN", "intake", "A file in the archive is damaged, or packed by a method that is not supported.",
        "A damaged archive, or a rare packing method.",
        "sender", "Pack the file again with the standard method, or send it alone.",
        "ZIP_MEMBER_BROKEN: the file's checksum does not match its content.",
    ),
)

_SANDBOX = (
    Code(
        "READER_START", "extract", "The processes that read documents could not be started.",
        "A broken installation, or a machine without free memory.",
        "operator", "Run `python -m gateway extract` on one file by hand and mend what it names.",
        "READER_START: the reading processes could not be started: ModuleNotFoundError.",
    ),
    Code(
        "TIMED_OUT", "extract", "Reading the document took longer than one document may.",
        "A document built to be slow, or very many drawings on a page.",
        "sender", "Print it to PDF again, or ask the operator to raise GATEWAY_DOCUMENT_TIMEOUT_S.",
        "TIMED_OUT: reading stopped after 25 seconds.",
    ),
    Code(
        "OUT_OF_MEMORY", "extract", "Reading the document needed more memory than one document may.",
        "A document that unpacks to a huge size.",
        "sender", "Print it to PDF again, or ask the operator to raise GATEWAY_DOCUMENT_MEMORY_MB.",
        "OUT_OF_MEMORY: reading stopped at 900 MB.",
    ),
    Code(
        "READER_CRASHED", "extract",
        "The program that reads documents broke down on this one; the others are not affected.",
        "A damaged or hostile document that trips a parsing library.",
        "sender", "Print it to PDF again and send that; tell the operator if it happens often.",
        "READER_CRASHED: the reading process ended by signal 11.",
    ),
    Code(
        "OUTPUT_TOO_LARGE", "extract", "The document gave more data than one document may.",
        "A list with very many rows or very long cells.",
        "sender", "Split the list, or ask the operator to raise GATEWAY_DOCUMENT_OUTPUT_BYTES.",
        "OUTPUT_TOO_LARGE: more than 200,000,000 bytes of profiles.",
    ),
    Code(
        "READER_FAILED", "extract", "The reader met something in the document it cannot handle.",
        "An unusual or damaged document.",
        "operator", "Print the document to PDF again; the log names the kind of error for the developers.",
        "READER_FAILED: the reader stopped with an error of kind KeyError.",
    ),
)

FILES: tuple[Code, ...] = (*_ANY_FILE, *_OFFICE, *_TABLE, *_ARCHIVE, *_COMMAND, *_SANDBOX)
