// A classic, blocking script: the theme is known before the first paint, so there is no flash.
// Without JavaScript the page follows the system, and the button stays hidden.
(() => {
  const key = 'parapet-theme';
  const root = document.documentElement;
  const system = matchMedia('(prefers-color-scheme: dark)');
  const isTheme = (value) => value === 'light' || value === 'dark';
  const stored = () => {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // storage may be refused; the choice then lasts for this page
    }
  };
  if (isTheme(stored())) root.dataset.theme = stored();
  const current = () => root.dataset.theme ?? (system.matches ? 'dark' : 'light');

  document.addEventListener('DOMContentLoaded', () => {
    const button = document.querySelector('[data-theme-toggle]');
    if (button === null) return;
    const name = () => {
      button.textContent = current() === 'dark' ? 'Light theme' : 'Dark theme';
    };
    button.addEventListener('click', () => {
      root.dataset.theme = current() === 'dark' ? 'light' : 'dark';
      try {
        localStorage.setItem(key, root.dataset.theme);
      } catch {
        // see above
      }
      name();
    });
    system.addEventListener('change', name);
    name();
    button.hidden = false;
  });
})();
