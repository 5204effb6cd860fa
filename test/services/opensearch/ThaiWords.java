import java.text.BreakIterator;
import java.text.spi.BreakIteratorProvider;
import java.util.Locale;

/**
 * The JRE that the tests use has no Thai dictionary. OpenSearch builds its "thai" analyzer with every index, so without one no
 * index can be created. This breaks Thai text into single characters, and leaves every other language alone.
 */
public final class ThaiWords extends BreakIteratorProvider {
    private static BreakIterator characters() {
        return BreakIterator.getCharacterInstance(Locale.ROOT);
    }

    @Override
    public BreakIterator getWordInstance(Locale locale) {
        return characters();
    }

    @Override
    public BreakIterator getLineInstance(Locale locale) {
        return characters();
    }

    @Override
    public BreakIterator getCharacterInstance(Locale locale) {
        return characters();
    }

    @Override
    public BreakIterator getSentenceInstance(Locale locale) {
        return BreakIterator.getSentenceInstance(Locale.ROOT);
    }

    @Override
    public Locale[] getAvailableLocales() {
        return new Locale[] {Locale.forLanguageTag("th"), Locale.forLanguageTag("th-TH")};
    }
}
